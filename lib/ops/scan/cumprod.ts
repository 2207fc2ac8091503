import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { cast, mul } from '../elementwise/arithmetic';
import { scanOf } from './linearScan';
import {
  after,
  along,
  type Along,
  batchedScan,
  before,
  sameLine,
  SCAN_OPTIONS,
  scanKernel,
  type ScanOptions,
} from './scanAxis';

const cumprodOp = defineOp<Along>('cumprod', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: scanKernel('cumprod'),
  // With h_i = g_i + x_(i+1) h_(i+1), dL/dx_i = h_i y_(i-1): nothing is divided, so zeros are as good as other numbers.
  vjp: ([g], [x], [y], attributes) => {
    const { axis, reverse } = attributes;
    return [mul(scanOf(after(x, attributes, 0), g, { axis, reverse: !reverse }), before(y, attributes, 1))];
  },
  // dy_i = x_i dy_(i-1) + dx_i y_(i-1)
  jvp: ([dx], [x], [y], attributes) => [dx && scanOf(x, mul(dx, before(y, attributes, 1)), attributes)],
  example: { axis: sameLine },
  batch: batchedScan,
});

/**
 * Running products along an axis: `y_i = x_0 ... x_i`. Derivatives are right where elements are zero, in every order. Floats are
 * multiplied in double precision; bool and uint8 give int32, and int32 wraps around.
 *
 * @throws ShapeError for an axis that is not there.
 */
export function cumprod(x: Tensor, options: ScanOptions = {}): Tensor {
  checkTensors('cumprod', { x });
  checkKinds('cumprod', options, SCAN_OPTIONS);
  const attributes = along('cumprod', x, options);
  const numbers = x.dtype === 'bool' || x.dtype === 'uint8' ? cast(x, 'int32') : x;
  return single(cumprodOp([numbers], attributes));
}
