import { OptionError, PalimpsestError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { add, mul, sub } from '../../ops/elementwise';
import type { CurvatureOperator } from '../operators/operator';
import { largestEigenvalue } from '../spectrum';
import { fromRows, quiet, toRows } from '../vectors';
import type { Solver } from './index';

export interface NeumannOptions {
  /** How many terms of the series. Default 100. */
  readonly terms?: number;
  /** s: the series converges for s above half the largest eigenvalue. Default: the largest, estimated. */
  readonly scale?: number;
}

/** The option, or an estimate of the largest eigenvalue with some room above. */
export async function scaleFor(
  operator: CurvatureOperator,
  scale: number | undefined,
  run: RunOptions,
): Promise<number> {
  if (scale === undefined) return 1.05 * (await largestEigenvalue(operator, {}, quiet(run)));
  if (scale > 0 && Number.isFinite(scale)) return scale;
  throw new OptionError(`inverse: scale must be a positive number, got ${scale}`);
}

export function checkSteps(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new OptionError(`inverse: ${name} must be a positive integer, got ${value}`);
}

/** Throws when an iteration has left the numbers. */
export async function refuseDivergence(x: Tensor): Promise<void> {
  const values = await x.data();
  if (values.every((value) => Number.isFinite(value))) return;
  throw new PalimpsestError(
    'ERR_NO_CONVERGENCE',
    'inverse: the series diverges; take a larger scale or more damping',
  );
}

/**
 * The truncated Neumann series `1/s sum_{j < terms} (I - A/s)^j y`, which leaves directions of small eigenvalues short of
 * their solution: a damping of its own.
 */
export function neumann({ terms = 100, scale }: NeumannOptions): Solver {
  checkSteps('terms', terms);
  return async (operator, y, run) => {
    const s = await scaleFor(operator, scale, run);
    const { parameters } = operator;
    let x = await evaluate(mul(y, 1 / s), run);
    for (let term = 1; term < terms; term++) {
      const ax = toRows(parameters, await operator.matvec(fromRows(parameters, x), quiet(run)));
      x = await evaluate(add(x, mul(sub(y, ax), 1 / s)), run);
      run.onProgress?.({ done: term + 1, total: terms, phase: 'Neumann series' });
    }
    await refuseDivergence(x);
    return x;
  };
}
