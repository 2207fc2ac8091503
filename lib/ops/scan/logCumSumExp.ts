import { checkKinds, checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { equal, mul, sub, zerosLike } from '../elementwise/arithmetic';
import { exp, where } from '../elementwise/math';
import { checkFloats } from '../floats';
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

/** `e^(a - b)`, and `e^a` where b is minus infinity: a is too, there. */
const ratio = (a: Tensor, b: Tensor): Tensor => exp(sub(a, where(equal(b, -Infinity), zerosLike(b), b)));

const logCumSumExpOp = defineOp<Along>('logCumSumExp', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: scanKernel('logCumSumExp'),
  // dL/dx_j = e^(x_j - y_j) h_j with h_j = g_j + e^(y_j - y_(j+1)) h_(j+1). All exponents are negative.
  vjp: ([g], [x], [y], attributes) => {
    const { axis, reverse } = attributes;
    const h = scanOf(ratio(y, after(y, attributes, Infinity)), g, { axis, reverse: !reverse });
    return [mul(ratio(x, y), h)];
  },
  // dy_i = e^(y_(i-1) - y_i) dy_(i-1) + e^(x_i - y_i) dx_i
  jvp: ([dx], [x], [y], attributes) => [
    dx && scanOf(ratio(before(y, attributes, -Infinity), y), mul(ratio(x, y), dx), attributes),
  ],
  example: { axis: sameLine },
  batch: batchedScan,
  // An exponential, a product and a sum per element, and a logarithm.
  flops: ([x]) => 4 * x.shape.reduce((size, own) => size * own, 1),
});

/**
 * Running `log(e^(x_0) + ... + e^(x_i))` along an axis, without overflow. Minus infinity adds nothing.
 * @throws ShapeError for an axis that is not there; DTypeError for other than floats.
 */
export function logCumSumExp(x: Tensor, options: ScanOptions = {}): Tensor {
  checkTensors('logCumSumExp', { x });
  checkKinds('logCumSumExp', options, SCAN_OPTIONS);
  checkFloats('logCumSumExp', x);
  return single(logCumSumExpOp([x], along('logCumSumExp', x, options)));
}
