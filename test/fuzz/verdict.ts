import type { Tensor } from '../../lib/graph/tensor';
import type { NdArray } from '../support/array';

export interface Verdict {
  /** Undefined when all is well. */
  readonly fault: string | undefined;
  readonly compared: number;
  /** Elements and derivatives that say nothing. */
  readonly skipped: number;
}

export const SOUND: Verdict = { fault: undefined, compared: 0, skipped: 0 };

/** The first fault of several verdicts, and all that was compared. */
export const together = (verdicts: readonly Verdict[]): Verdict => ({
  fault: verdicts.find(({ fault }) => fault !== undefined)?.fault,
  compared: verdicts.reduce((total, { compared }) => total + compared, 0),
  skipped: verdicts.reduce((total, { skipped }) => total + skipped, 0),
});

/** What the engine is to compute, and what it must be. */
export interface Question {
  readonly tensors: readonly Tensor[];
  readonly judge: (answers: readonly NdArray[]) => Verdict;
}

/** Several questions as one. */
export function questionOfAll(parts: readonly Question[]): Question {
  return {
    tensors: parts.flatMap(({ tensors }) => tensors),
    judge: (answers) => {
      let begin = 0;
      return together(
        parts.map(({ tensors, judge }) => judge(answers.slice(begin, (begin += tensors.length)))),
      );
    },
  };
}
