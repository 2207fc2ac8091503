import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { cast } from '../elementwise/arithmetic';
import {
  along,
  type Along,
  batchedScan,
  sameLine,
  SCAN_OPTIONS,
  scanKernel,
  type ScanOptions,
} from './scanAxis';

const cumsumOp = defineOp<Along>('cumsum', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: scanKernel('cumsum'),
  linearity: 'linear',
  // x_j is part of every y_i from i = j on.
  vjp: ([g], _inputs, _outputs, { axis, reverse }) => [cumsum(g, { axis, reverse: !reverse })],
  example: {
    axis: sameLine,
    through: ({ site, attributes: { axis, reverse } }) =>
      site.kind === 'dense'
        ? { kind: 'dense', values: cumsum(site.values, { axis: axis + 1, reverse: !reverse }) }
        : null,
  },
  batch: batchedScan,
});

/**
 * Running sums along an axis: `y_i = x_0 + ... + x_i`. Floats are added up in double precision; bool and uint8 give int32, and
 * int32 wraps around.
 *
 * @example
 * cumsum(tensor([1, 2, 3]));                              // [1, 3, 6]
 * cumsum(tensor([1, 2, 3]), { reverse: true });           // [6, 5, 3]
 * @throws ShapeError for an axis that is not there.
 */
export function cumsum(x: Tensor, options: ScanOptions = {}): Tensor {
  checkTensors('cumsum', { x });
  checkKinds('cumsum', options, SCAN_OPTIONS);
  const attributes = along('cumsum', x, options);
  const numbers = x.dtype === 'bool' || x.dtype === 'uint8' ? cast(x, 'int32') : x;
  return single(cumsumOp([numbers], attributes));
}
