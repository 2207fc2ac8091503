import { checkTensors } from '../../graph/call';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { log, mul } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';
import { cholesky } from '../factor/cholesky';
import { choleskySolve } from './choleskySolve';
import { diagonal } from '../../ops/shape/diagonal';
import { eye } from '../../ops/shape/triangle';

/** A factorisation `A = L L^T` that is kept: made once, used in any number of evaluations. */
export interface SpdFactor extends Disposable {
  /** The lower triangular factor [..., n, n]. */
  readonly factor: Tensor;
  /** X of `A X = Y` for right sides [..., n, k] or [n]. */
  solve(y: Tensor): Tensor;
  /** `log det A`, [...]. */
  logdet(): Tensor;
  /** `A^-1`, [..., n, n]. */
  inverse(): Tensor;
  /** Frees the factor. */
  dispose(): void;
}

/**
 * Factors symmetric positive definite matrices a [..., n, n] now, and keeps the factor for many solves.
 *
 * @example
 * using system = await factorSpd(covariance);
 * const x = await system.solve(y).data();
 * @throws ShapeError or DTypeError unless a holds square float matrices; PalimpsestError ERR_NOT_POSITIVE_DEFINITE with the
 *   place in the batch and the pivot, ERR_VALUE for NaN and infinities; AbortedError when `signal` fires.
 */
export async function factorSpd(a: Tensor, options: RunOptions = {}): Promise<SpdFactor> {
  checkTensors('factorSpd', { a });
  const factor = await evaluate(cholesky(a), options);
  const dispose = (): void => {
    factor.dispose();
  };
  return {
    factor,
    solve: (y) => choleskySolve(factor, y),
    logdet: () => mul(sum(log(diagonal(factor)), { axis: -1 }), 2),
    inverse: () => choleskySolve(factor, eye(extent(a.shape, -1), { dtype: a.dtype })),
    dispose,
    [Symbol.dispose]: dispose,
  };
}
