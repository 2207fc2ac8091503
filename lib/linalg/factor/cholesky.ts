import { checkTensors } from '../../graph/call';
import { extent, sizeOf } from '../../graph/shape';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { tril } from '../../ops/shape/triangle';
import { add, mul } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { transpose } from '../../ops/shape/transpose';
import { batchAxis, batchOf, checkSquare, productTA, stacked, symmetricPart } from '../matrices';

import { triangularSolve } from '../solve/triangularSolve';

/** The lower triangle with half of the diagonal. */
const halvedDiagonal = (m: Tensor): Tensor => mul(add(tril(m), tril(m, { offset: -1 })), 0.5);

const choleskyOp = defineOp('cholesky', {
  infer: ([a]) => {
    checkSquare('cholesky', a);
    return { shape: a.shape, dtype: a.dtype };
  },
  lower: {
    kernel: 'cholesky',
    views: (_attributes, [a]) => ({ inputs: [stacked(a)], outputs: [stacked(a)] }),
  },
  flops: ([a]) => (sizeOf(batchOf(a)) * extent(a.shape, -1) ** 3) / 3,
  // dA = sym(L^-T P(L^T G) L^-1), where P keeps the lower triangle and halves its diagonal (Murray 2016).
  vjp: ([g], _inputs, [l]) => {
    const inner = halvedDiagonal(productTA(l, g));
    const left = triangularSolve(l, inner, { transposed: true });
    return [symmetricPart(transpose(triangularSolve(l, transpose(left), { transposed: true })))];
  },
  // dL = L P(L^-1 dA L^-T)
  jvp: ([da], _inputs, [l]) => {
    if (!da) return [null];
    const left = triangularSolve(l, symmetricPart(da));
    return [matmul(l, halvedDiagonal(triangularSolve(l, transpose(left))))];
  },
  example: { axis: batchAxis },
});

/**
 * The Cholesky factor of symmetric positive definite matrices a [..., n, n]: the lower triangular L with `a = L L^T` and a
 * positive diagonal. It is a function of the symmetric part `(a + a^T) / 2`, so its gradient is symmetric.
 *
 * @example
 * const l = cholesky(tensor([[4, 2], [2, 5]]));                 // [[2, 0], [1, 2]]
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises ERR_NOT_POSITIVE_DEFINITE with
 *   the place in the batch and the pivot, and ERR_VALUE for NaN and infinities.
 */
export function cholesky(a: Tensor): Tensor {
  checkTensors('cholesky', { a });
  return single(choleskyOp([a], {}));
}
