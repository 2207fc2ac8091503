import type { Parameters } from '../../graph/parameters';
import { OptionError } from '../../errors';
import type { LanguageModel } from './languageModel';
import type { ScoreContext } from './processors';
import { logSoftmaxOf } from './sampling';

/** A second run in lock step: it sees the tokens that were chosen, and its logits are combined with those of the first. */
export interface Branch {
  readonly model: LanguageModel;
  /** Default: those of the model. */
  readonly parameters?: Parameters;
  /** What stands before the generated tokens in this run, one for each prompt. Default: the prompts of the first run. */
  readonly prompts?: readonly (readonly number[])[];
}

/** One row of scores of the rows of all branches, the first run's first. */
export type Combine = (rows: readonly Float32Array[], context: ScoreContext) => Float32Array;

/**
 * Contrastive decoding (Li et al. 2023, in the form of O'Brien and Lewis 2023) of an expert, the first run, and an amateur:
 *
 *     (1 + beta) s_expert - beta s_amateur   where s_expert >= log alpha + max s_expert,  else -Infinity
 *
 * @param options alpha default 0.1, beta default 0.5, as published.
 */
export function contrastiveDecoding({
  alpha = 0.1,
  beta = 0.5,
}: { readonly alpha?: number; readonly beta?: number } = {}): Combine {
  if (!(alpha > 0 && alpha <= 1))
    throw new OptionError(`contrastiveDecoding: alpha must be in (0, 1], got ${alpha}`);
  if (!(beta >= 0 && Number.isFinite(beta)))
    throw new OptionError(`contrastiveDecoding: beta must be 0 or more, got ${beta}`);
  return (rows) => {
    const [expert, amateur] = two('contrastiveDecoding', rows);
    const least = expert.reduce((most, score) => Math.max(most, score), -Infinity) + Math.log(alpha);
    return expert.map((score, i) =>
      score < least ? -Infinity : (1 + beta) * score - beta * (amateur[i] ?? 0),
    );
  };
}

/**
 * Classifier-free guidance of texts (Sanchez et al. 2023), for a second run without the condition:
 *
 *     log p_2 + scale (log p_1 - log p_2)
 */
export function guidance(scale: number): Combine {
  if (!Number.isFinite(scale)) throw new OptionError(`guidance: a finite scale expected, got ${scale}`);
  return (rows) => {
    const [given, free] = two('guidance', rows).map(logSoftmaxOf) as [Float32Array, Float32Array];
    return given.map((score, i) => (free[i] ?? 0) + scale * (score - (free[i] ?? 0)));
  };
}

function two(where: string, rows: readonly Float32Array[]): readonly [Float32Array, Float32Array] {
  const [first, second] = rows;
  if (first && second && rows.length === 2) return [first, second];
  throw new OptionError(`${where}: one branch beside the first run expected, got ${rows.length - 1}`);
}
