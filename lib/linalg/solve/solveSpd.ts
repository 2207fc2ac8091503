import { checkTensors } from '../../graph/call';
import { stopGradient } from '../../ops/shape/identity';
import type { Tensor } from '../../graph/tensor';
import { cholesky } from '../factor/cholesky';
import { choleskySolve } from './choleskySolve';
import { defineSolution } from './solution';
import { withMatrixColumns } from './system';

const solution = defineSolution('solveSpd', (a, y) => solved(a, y), { symmetric: true });

const solved = (a: Tensor, y: Tensor): Tensor =>
  solution(choleskySolve(cholesky(stopGradient(a)), stopGradient(y)), a, y, false);

/**
 * X of `A X = Y` for symmetric positive definite matrices a [..., n, n] and right sides y [..., n, k] or [n], by Cholesky's
 * factorisation; leading axes broadcast. It is a function of the symmetric part of a. Solving with one matrix again, and the
 * derivatives, cost two triangular solves each within one evaluation; across evaluations `factorSpd` keeps the factor.
 *
 * @throws ShapeError or DTypeError when the shapes or dtypes do not fit; reading it raises ERR_NOT_POSITIVE_DEFINITE with the
 *   place in the batch and the pivot, and ERR_VALUE for NaN and infinities in a.
 */
export function solveSpd(a: Tensor, y: Tensor): Tensor {
  checkTensors('solveSpd', { a, y });
  return withMatrixColumns('solveSpd', a, y, solved);
}
