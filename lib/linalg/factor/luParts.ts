import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add } from '../../ops/elementwise/arithmetic';
import { takeAlong } from '../../ops/indexing/takeAlong';
import { matmul } from '../../ops/products/matmul';
import { broadcastTo } from '../../ops/reduce/sum';
import { expandDims } from '../../ops/shape/reshape';
import { stopGradient } from '../../ops/shape/identity';
import { transpose } from '../../ops/shape/transpose';
import { eye, tril, triu } from '../../ops/shape/triangle';
import { argsort } from '../../ops/sort/sort';
import { batchAxis, checkSquare, productTA, productTB } from '../matrices';
import { triangularSolve } from '../solve/triangularSolve';
import { luFactor, rowOrder } from './lu';

const below = (m: Tensor): Tensor => tril(m, { offset: -1 });
/** L of the packed factors: what is below the diagonal, and ones on it. */
const lowerOf = (packed: Tensor): Tensor =>
  add(below(packed), broadcastTo(eye(extent(packed.shape, -1), { dtype: packed.dtype }), packed.shape));
const inOrder = (m: Tensor, order: Tensor): Tensor => takeAlong(m, expandDims(order, -1), { axis: -2 });

/** `X U^-1`, and `L^-1 X` for the unit triangle. */
const overUpper = (x: Tensor, u: Tensor): Tensor =>
  transpose(triangularSolve(u, transpose(x), { lower: false, transposed: true }));
const underLower = (l: Tensor, x: Tensor, transposed = false): Tensor =>
  triangularSolve(l, x, { unitDiagonal: true, transposed });

/** Gives the packed factors, the first input, their derivative with respect to the matrix, the last. */
const luPartsOp = defineOp('luParts', {
  infer: ([packed]) => ({ shape: packed.shape, dtype: packed.dtype }),
  lower: 'alias',
  flops: () => 0,
  // The transposed map of the differential below: P gA = L^-T (tril(L^T gL, -1) + triu(gU U^T)) U^-T.
  vjp: ([g], [, order], [packed]) => {
    const [l, u] = [lowerOf(packed), triu(packed)];
    const inner = add(below(productTA(l, below(g))), triu(productTB(triu(g), u)));
    const left = underLower(l, inner, true);
    const permuted = transpose(triangularSolve(u, transpose(left), { lower: false }));
    return [null, null, inOrder(permuted, argsort(order))];
  },
  // F = L^-1 P dA U^-1: dL = L tril(F, -1), dU = triu(F) U
  jvp: ([, , da], [, order], [packed]) => {
    if (!da) return [null];
    const [l, u] = [lowerOf(packed), triu(packed)];
    const f = overUpper(underLower(l, inOrder(da, order)), u);
    return [add(matmul(l, below(f)), matmul(triu(f), u))];
  },
  example: { axis: batchAxis },
});

export interface Lu {
  /** int32 [..., n]: row i of `L U` is row `permutation[i]` of the matrix. */
  readonly permutation: Tensor;
  /** [..., n, n], lower triangular with ones on the diagonal; no entry is larger than 1. */
  readonly l: Tensor;
  /** [..., n, n], upper triangular. */
  readonly u: Tensor;
}

/**
 * The factors of matrices a [..., n, n] by Gaussian elimination with row exchanges: `A[permutation] = L U`. Differentiable where
 * the matrix is regular and the exchanges do not change. To solve with the matrix use `solve`, or `factorLu` to do it often.
 *
 * @example
 * const { permutation, l, u } = lu(a);
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises ERR_VALUE for NaN and infinities, and
 *   its derivative ERR_SINGULAR for a singular matrix.
 */
export function lu(a: Tensor): Lu {
  checkTensors('lu', { a });
  checkSquare('lu', a);
  // The factors of A^T by columns are those of A by rows.
  const { lu: turned, pivots } = luFactor(transpose(stopGradient(a)));
  const permutation = rowOrder(pivots);
  const packed = single(luPartsOp([transpose(turned), permutation, a], {}));
  return { permutation, l: lowerOf(packed), u: triu(packed) };
}
