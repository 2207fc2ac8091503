import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { evaluate } from '../../graph/evaluate';
import { extent } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { broadcastTo } from '../../ops/reduce/sum';
import { eye } from '../../ops/shape/triangle';
import { luFactor, luSolve } from '../factor/lu';
import { checkSquare } from '../matrices';
import { checkSystem, withMatrixColumns } from './system';

export interface LuSolveOptions {
  /** Solve with `A^T` instead. Default false. */
  readonly transposed?: boolean;
}

const LU_SOLVE_OPTIONS: Kinds<LuSolveOptions> = { transposed: 'boolean' };

/** A factorisation `P A = L U` that is kept: made once, used in any number of evaluations. */
export interface LuFactor extends Disposable {
  /** X of `A X = Y` for right sides [..., n, k] or [n]; a constant for derivatives. */
  solve(y: Tensor, options?: LuSolveOptions): Tensor;
  /** `A^-1`, [..., n, n]. */
  inverse(): Tensor;
  /** Frees the factors. */
  dispose(): void;
}

/**
 * Factors matrices a [..., n, n] now, by Gaussian elimination with row exchanges, and keeps the factors for many solves. For
 * symmetric positive definite matrices `factorSpd` is twice as fast and more exact; for derivatives use `solve`.
 *
 * @example
 * using system = await factorLu(a);
 * const x = await system.solve(y).data();
 * @throws ShapeError or DTypeError unless a holds square float matrices; PalimpsestError ERR_VALUE for NaN and infinities;
 *   AbortedError when `signal` fires. Reading a solution raises ERR_SINGULAR for a zero pivot.
 */
export async function factorLu(a: Tensor, options: RunOptions = {}): Promise<LuFactor> {
  checkTensors('factorLu', { a });
  checkSquare('factorLu', a);
  const { lu, pivots } = luFactor(a);
  await evaluate([lu, pivots], options);
  const solve = (y: Tensor, settings: LuSolveOptions = {}): Tensor => {
    checkKinds('solve', settings, LU_SOLVE_OPTIONS);
    return withMatrixColumns('solve', lu, y, (factors, right) => {
      checkSystem('solve', factors, right);
      const exchanges = broadcastTo(pivots, factors.shape.slice(0, -1));
      return luSolve({ lu: factors, pivots: exchanges }, right, settings.transposed ?? false);
    });
  };
  const dispose = (): void => {
    lu.dispose();
    pivots.dispose();
  };
  return {
    solve,
    inverse: () => solve(broadcastTo(eye(extent(a.shape, -1), { dtype: a.dtype }), a.shape)),
    dispose,
    [Symbol.dispose]: dispose,
  };
}
