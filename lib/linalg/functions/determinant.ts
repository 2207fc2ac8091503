import { checkTensors } from '../../graph/call';
import { defineOp, several, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../../ops/agreedAxis';
import { mul } from '../../ops/elementwise/arithmetic';
import { exp } from '../../ops/elementwise/math';
import { leadingAxes } from '../../ops/batching';
import { inFloat32 } from '../../ops/inFloat32';
import { sum } from '../../ops/reduce/sum';
import { expandDims } from '../../ops/shape/reshape';
import { diagonal } from '../../ops/shape/diagonal';
import { stopGradient } from '../../ops/shape/identity';
import { transpose } from '../../ops/shape/transpose';
import { batchAxis, batchOf, checkSquare, stacked } from '../matrices';
import { inverse, solve } from '../solve/solve';
import { cofactors } from './cofactors';

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
  checkTensors('slogdet', { a });
  const [sign, logabsdet] = several(slogdetOp([a], {}));
  return { sign, logabsdet };
}

/** Gives the determinants, the first input, their derivative, which singular matrices have too. */
const detOp = defineOp('det', {
  infer: ([y]) => ({ shape: y.shape, dtype: y.dtype }),
  lower: 'alias',
  flops: () => 0,
  // d det A = <cofactors, dA>
  vjp: ([g], [, a]) => [null, mul(cofactors(a, det), expandDims(expandDims(g, -1), -1))],
  jvp: ([, da], [, a]) => [da && sum(mul(cofactors(a, det), da), { axis: [-2, -1] })],
  batch: leadingAxes<object>(0, 1),
  example: {
    axis: (use) => {
      const axis = agreedAxis(use);
      const isMixed = axis.axis >= use.inputs[0].shape.length;
      return isMixed ? use.mixes('the examples are rows or columns of its matrices') : axis;
    },
  },
});

/**
 * The determinants [...] of matrices [..., n, n]; see `slogdet` for those that do not fit a number. Their gradient is that of
 * the polynomial, also for singular matrices, whose second derivatives raise ERR_SINGULAR.
 *
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises ERR_VALUE for NaN and infinities.
 */
export function det(a: Tensor): Tensor {
  checkTensors('det', { a });
  checkSquare('det', a);
  return inFloat32((x) => {
    const { sign, logabsdet } = slogdet(stopGradient(x));
    return single(detOp([mul(sign, exp(logabsdet)), x], {}));
  }, a);
}
