import { defineOp, several } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { mul } from '../../ops/elementwise/arithmetic';
import { exp } from '../../ops/elementwise/math';
import { sum } from '../../ops/reduce/sum';
import { expandDims } from '../../ops/shape/reshape';
import { diagonal } from '../../ops/shape/diagonal';
import { transpose } from '../../ops/shape/transpose';
import { batchAxis, batchOf, checkSquare, stacked } from '../matrices';
import { inverse, solve } from '../solve/solve';

const slogdetOp = defineOp('slogdet', {
  infer: ([a]) => {
    checkSquare('slogdet', a);
    const each: Spec = { shape: batchOf(a), dtype: a.dtype };
    return [each, each];
  },
  lower: {
    kernel: 'slogdet',
    views: (_attributes, [a], [sign]) => {
      const each = [sizeOf(sign.shape)];
      return { inputs: [stacked(a)], outputs: [each, each] };
    },
  },
  flops: ([a]) => (2 * sizeOf(batchOf(a)) * extent(a.shape, -1) ** 3) / 3,
  // d log|det A| = tr(A^-1 dA); the sign is constant.
  vjp: ([, g], [a]) => [mul(transpose(inverse(a)), expandDims(expandDims(g, -1), -1))],
  jvp: ([da], [a]) => [null, da && sum(diagonal(solve(a, da)), { axis: -1 })],
  example: { axis: batchAxis },
});

export interface Slogdet {
  /** -1, 0 or 1, [...]. */
  readonly sign: Tensor;
  /** The logarithm of the absolute value, [...]; minus infinity for a singular matrix. */
  readonly logabsdet: Tensor;
}

/**
 * Sign and logarithm of the determinants of matrices a [..., n, n], which neither overflow nor underflow. That of an empty
 * matrix is 1.
 *
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises ERR_VALUE for NaN and infinities, and
 *   its derivative ERR_SINGULAR for a singular matrix.
 */
export function slogdet(a: Tensor): Slogdet {
  const [sign, logabsdet] = several(slogdetOp([a], {}));
  return { sign, logabsdet };
}

/** The determinants [...] of matrices [..., n, n]; see `slogdet` for those that do not fit a number, and for the errors. */
export function det(a: Tensor): Tensor {
  const { sign, logabsdet } = slogdet(a);
  return mul(sign, exp(logabsdet));
}
