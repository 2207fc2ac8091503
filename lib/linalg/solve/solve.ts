import { checkTensors } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { extent } from '../../graph/shape';
import { broadcastTo } from '../../ops/reduce/sum';
import { stopGradient } from '../../ops/shape/identity';
import { eye } from '../../ops/shape/triangle';
import { eliminate } from '../factor/lu';
import { checkSquare } from '../matrices';
import { defineSolution } from './solution';
import { checkSystem, withMatrixColumns } from './system';

const solution = defineSolution('solve', (a, y, transposed) => solved(a, y, transposed), {
  symmetric: false,
});

function solved(a: Tensor, y: Tensor, transposed: boolean): Tensor {
  checkSystem('solve', a, y);
  return solution(eliminate(stopGradient(a), stopGradient(y), transposed), a, y, transposed);
}

/**
 * X of `A X = Y` for matrices a [..., n, n] and right sides y [..., n, k] or [n], by Gaussian elimination with row exchanges;
 * leading axes broadcast, and a single matrix takes all right sides at once. Solving with one matrix again, and the
 * derivatives, use one factorisation within one evaluation. For symmetric positive definite matrices `solveSpd` is twice as
 * fast and more exact.
 *
 * @example
 * solve(tensor([[2, 1], [1, 3]]), tensor([3, 5]));              // [0.8, 1.4]
 * @throws ShapeError or DTypeError when the shapes or dtypes do not fit; reading it raises ERR_SINGULAR with the place in the
 *   batch and the pivot, and ERR_VALUE for NaN and infinities in a.
 */
export function solve(a: Tensor, y: Tensor): Tensor {
  checkTensors('solve', { a, y });
  return withMatrixColumns('solve', a, y, (matrix, right) => solved(matrix, right, false));
}

/** The inverse of matrices [..., n, n]: `solve` with the identity. Prefer `solve` to a product with it. Errors as there. */
export function inverse(a: Tensor): Tensor {
  checkTensors('inverse', { a });
  checkSquare('inverse', a);
  return solved(a, broadcastTo(eye(extent(a.shape, -1), { dtype: a.dtype }), a.shape), false);
}
