import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { div, greater, mul, onesLike, zerosLike } from '../../ops/elementwise/arithmetic';
import { abs, where } from '../../ops/elementwise/math';
import { max } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { stopGradient } from '../../ops/shape/identity';
import { concat } from '../../ops/shape/concat';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';
import { batchAxis, batchOf, checkSquare, stacked } from '../matrices';

const matrixExponentialOp = defineOp('matrixExponential', {
  infer: ([a]) => {
    checkSquare('matrixExponential', a);
    return { shape: a.shape, dtype: a.dtype };
  },
  lower: {
    kernel: 'matrixExponential',
    views: (_attributes, [a]) => ({ inputs: [stacked(a)], outputs: [stacked(a)] }),
  },
  // Six products, a solve and some squarings.
  flops: ([a]) => 20 * sizeOf(batchOf(a)) * extent(a.shape, -1) ** 3,
  vjp: ([g], [a]) => [derivative(transpose(a), g)],
  jvp: ([da], [a]) => [da && derivative(a, da)],
  example: { axis: batchAxis },
});

/**
 * The derivative of e^A in a direction: the upper right block of the exponential of [[A, direction], [0, A]] (Mathias 1996). It is
 * linear in the direction, which is brought to norm 1 meanwhile: a large one would make the scaling lose digits of A.
 */
function derivative(a: Tensor, direction: Tensor): Tensor {
  const n = extent(a.shape, -1);
  if (n === 0) return direction;
  const size = stopGradient(
    max(sum(abs(direction), { axis: -2, keepDims: true }), { axis: -1, keepDims: true }),
  );
  const scale = where(greater(size, 0), size, onesLike(size));
  const above = concat([a, div(direction, scale)], { axis: -1 });
  const below = concat([zerosLike(a), a], { axis: -1 });
  const whole = matrixExponential(concat([above, below], { axis: -2 }));
  const lead = batchOf(a).map(() => undefined);
  return mul(slice(whole, { starts: [...lead, 0, n], stops: [...lead, n, 2 * n] }), scale);
}

/**
 * The matrix exponential `e^A = 1 + A + A^2 / 2 + ...` of matrices a [..., n, n], by Pade approximants with scaling and squaring
 * (Higham 2005, The scaling and squaring method for the matrix exponential revisited).
 *
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises ERR_VALUE for NaN and infinities.
 */
export function matrixExponential(a: Tensor): Tensor {
  checkTensors('matrixExponential', { a });
  return single(matrixExponentialOp([a], {}));
}
