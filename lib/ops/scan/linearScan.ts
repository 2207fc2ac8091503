import { ShapeError } from '../../errors';
import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, mul } from '../elementwise/arithmetic';
import { checkFloats } from '../floats';
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

const linearScanOp = defineOp<Along>('linearScan', {
  infer: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
  lower: scanKernel('linearScan'),
  // With h_i = g_i + a_(i+1) h_(i+1), what comes back to y_i: dL/db = h and dL/da_i = h_i y_(i-1).
  vjp: ([g], [a], [y], attributes, [wantsFactor]) => {
    const h = scanOf(after(a, attributes, 0), g, opposite(attributes));
    return [wantsFactor ? mul(h, before(y, attributes, 0)) : null, h];
  },
  // dy_i = a_i dy_(i-1) + (da_i y_(i-1) + db_i)
  jvp: ([da, db], [a], [y], attributes) => {
    const parts = [...(da ? [mul(da, before(y, attributes, 0))] : []), ...(db ? [db] : [])];
    return [parts.length === 0 ? null : scanOf(a, parts.reduce(add), attributes)];
  },
  example: { axis: sameLine },
  batch: batchedScan,
  flops: (_inputs, [y]) => 2 * y.shape.reduce((size, own) => size * own, 1),
});

const opposite = ({ axis, reverse }: Along): Along => ({ axis, reverse: !reverse });

/** The recurrence without checks, for derivative rules. */
export const scanOf = (a: Tensor, b: Tensor, attributes: Along): Tensor =>
  single(linearScanOp([a, b], attributes));

/**
 * The recurrence `y_i = a_i y_(i-1) + b_i` along an axis, from `y = 0`: discounted sums, moving averages, linear state spaces.
 * Floats, worked out in double precision; both tensors have one shape.
 *
 * @example
 * linearScan(tensor([0.5, 0.5, 0.5]), tensor([1, 1, 1]));       // [1, 1.5, 1.75]
 * @throws ShapeError for different shapes; DTypeError for different dtypes or other than floats.
 */
export function linearScan(a: Tensor, b: Tensor, options: ScanOptions = {}): Tensor {
  checkTensors('linearScan', { a, b });
  checkKinds('linearScan', options, SCAN_OPTIONS);
  checkFloats('linearScan', a, b);
  if (!sameShape(a.shape, b.shape)) {
    throw new ShapeError(
      `linearScan: one shape expected, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  return scanOf(a, b, along('linearScan', a, options));
}
