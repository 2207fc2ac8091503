import { OptionError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { add, mul, sub } from '../../ops/elementwise';
import { fromRows, quiet, toRows } from '../vectors';
import type { Solver } from './index';
import { checkSteps, refuseDivergence, scaleFor } from './neumann';

export interface LissaOptions {
  /** How many batches, one after the other and again from the first. Default 1000. */
  readonly depth?: number;
  /** s: above the largest eigenvalue of every batch's matrix. Default: that of the whole, estimated, ten times. */
  readonly scale?: number;
}

/** Single batches have larger eigenvalues than their mean. */
const ROOM = 10;

/**
 * LiSSA (Agarwal et al. 2017; for influence functions Koh and Liang 2017): `x <- y/s + (I - A_b/s) x` with the matrix of one
 * batch b after the other. For operators that are a mean over batches, damped.
 */
export function lissa({ depth = 1000, scale }: LissaOptions): Solver {
  checkSteps('depth', depth);
  return async (operator, y, run) => {
    if (!operator.minibatches()) {
      throw new OptionError(
        "inverse: 'lissa' needs an operator that is a mean over batches; take 'neumann' or 'cg'",
      );
    }
    const s =
      scale === undefined
        ? ROOM * (await scaleFor(operator, undefined, run))
        : await scaleFor(operator, scale, run);
    const { parameters } = operator;
    let x = await evaluate(mul(y, 1 / s), run);
    for (let step = 0; step < depth;) {
      const before = step;
      for (const products of operator.minibatches() ?? []) {
        if (step++ >= depth) break;
        const ax = toRows(parameters, await products(fromRows(parameters, x), quiet(run)));
        x = await evaluate(add(x, mul(sub(y, ax), 1 / s)), run);
        run.onProgress?.({ done: step, total: depth, phase: 'LiSSA' });
      }
      if (step === before) throw new OptionError("inverse: 'lissa' needs batches, and there are none");
    }
    await refuseDivergence(x);
    return x;
  };
}
