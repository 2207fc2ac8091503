import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { mul, neg } from '../../ops/elementwise/arithmetic';
import { rsqrt, sqrt } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { stopGradient } from '../../ops/shape/identity';
import { expandDims } from '../../ops/shape/reshape';
import { eigh } from '../factor/eigh';
import { batchAxis, checkSquare, productTB, symmetricPart } from '../matrices';
import { solveLyapunov } from '../solve/solveLyapunov';

/** V f(w) V^T of the eigenvalues and vectors of a, a constant for derivatives. */
function onEigenvalues(a: Tensor, f: (w: Tensor) => Tensor): Tensor {
  const { values, vectors } = eigh(stopGradient(a));
  return productTB(mul(vectors, expandDims(f(values), -2)), vectors);
}

/** Gives the square root, the first input, its derivative: S dS + dS S = dA. */
const sqrtSpdOp = defineOp('sqrtSpd', {
  infer: ([s]) => ({ shape: s.shape, dtype: s.dtype }),
  lower: 'alias',
  flops: () => 0,
  vjp: ([g], _inputs, [s]) => [null, symmetricPart(solveLyapunov(s, g))],
  jvp: ([, da], _inputs, [s]) => [da && solveLyapunov(s, symmetricPart(da))],
  example: { axis: batchAxis },
});

/** Gives the inverse Z of a symmetric S, the first input and the second, its derivative: dZ = -Z dS Z. */
const inverseSqrtSpdOp = defineOp('inverseSqrtSpd', {
  infer: ([z]) => ({ shape: z.shape, dtype: z.dtype }),
  lower: 'alias',
  flops: () => 0,
  vjp: ([g], _inputs, [z]) => [null, neg(matmul(z, matmul(g, z)))],
  jvp: ([, ds], _inputs, [z]) => [ds && neg(matmul(z, matmul(ds, z)))],
  example: { axis: batchAxis },
});

/**
 * The symmetric square root S of symmetric positive definite matrices a [..., n, n], `S S = A`, by `eigh`. It is a function of
 * the symmetric part of a; its derivative is right for repeated eigenvalues too. A negative eigenvalue gives NaN, as the
 * square root of a negative number does.
 *
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises what `eigh` raises.
 */
export function sqrtSpd(a: Tensor): Tensor {
  checkTensors('sqrtSpd', { a });
  checkSquare('sqrtSpd', a);
  return single(sqrtSpdOp([onEigenvalues(a, sqrt), a], {}));
}

/**
 * The inverse of the symmetric square root of symmetric positive definite matrices, `A^-1/2`: what whitens data with
 * covariance A. Conventions and errors as for `sqrtSpd`; an eigenvalue of zero gives infinities.
 */
export function inverseSqrtSpd(a: Tensor): Tensor {
  checkTensors('inverseSqrtSpd', { a });
  checkSquare('inverseSqrtSpd', a);
  return single(inverseSqrtSpdOp([onEigenvalues(a, rsqrt), sqrtSpd(a)], {}));
}
