import type { GenerateOptions } from './options';

/** Where a row of scores stands. */
export interface ScoreContext {
  /** The prompt and what was generated so far; no padding. */
  readonly tokens: readonly number[];
  readonly promptLength: number;
  /** Which prompt it goes on from. */
  readonly prompt: number;
  /** How many tokens were generated before. */
  readonly step: number;
}

/**
 * Changes the scores of what comes next: logits, or log-probabilities in beam search, [vocabulary]. In place, or by a new array.
 * -Infinity is never chosen beside a finite score.
 */
export type LogitProcessor = (scores: Float32Array, context: ScoreContext) => Float32Array | undefined;

/**
 * Scores of tokens that occurred are divided by the penalty where they are positive and multiplied where they are negative
 * (Keskar et al. 2019).
 */
export const repetitionPenalty =
  (penalty: number): LogitProcessor =>
  (scores, { tokens }) => {
    for (const token of new Set(tokens)) {
      const score = scores[token] ?? 0;
      scores[token] = score < 0 ? score * penalty : score / penalty;
    }
    return scores;
  };

/** No run of so many tokens comes twice: what would complete one that is there is ruled out (Paulus et al. 2018). */
export const noRepeatNgram =
  (size: number): LogitProcessor =>
  (scores, { tokens }) => {
    const start = tokens.length - size + 1;
    for (let i = 0; i < start; i++) {
      let j = 0;
      while (j < size - 1 && tokens[i + j] === tokens[start + j]) j++;
      if (j === size - 1) suppress(scores, tokens[i + size - 1] ?? -1);
    }
    return scores;
  };

/** These tokens are ruled out at the steps that pass. */
export const suppressTokens =
  (tokens: readonly number[], at: (step: number) => boolean = () => true): LogitProcessor =>
  (scores, { step }) => {
    if (at(step)) for (const token of tokens) suppress(scores, token);
    return scores;
  };

/** At these steps nothing but this token comes. */
export const forceTokens =
  (tokenAt: (step: number) => number | undefined): LogitProcessor =>
  (scores, { step }) => {
    const token = tokenAt(step);
    if (token === undefined) return scores;
    scores.fill(-Infinity);
    scores[token] = 0;
    return scores;
  };

/** The chain that options describe, in the order of `transformers`; the caller's own come last. */
export function processorsOf(
  options: GenerateOptions,
  eos: readonly number[],
  steps: number,
): LogitProcessor[] {
  const { repetitionPenalty: penalty = 1, noRepeatNgram: ngram = 0, minNewTokens = 0 } = options;
  const { suppressTokens: never = [], beginSuppressTokens: notFirst = [], forcedTokens = {} } = options;
  const { forcedEos } = options;
  const forced = new Map(Object.entries(forcedTokens).map(([step, token]) => [Number(step), token]));
  if (forcedEos !== undefined) forced.set(steps - 1, forcedEos);
  return [
    ...(penalty === 1 ? [] : [repetitionPenalty(penalty)]),
    ...(ngram === 0 ? [] : [noRepeatNgram(ngram)]),
    ...(minNewTokens === 0 ? [] : [suppressTokens(eos, (step) => step < minNewTokens)]),
    ...(forced.size === 0 ? [] : [forceTokens((step) => forced.get(step))]),
    ...(never.length === 0 ? [] : [suppressTokens(never)]),
    ...(notFirst.length === 0 ? [] : [suppressTokens(notFirst, (step) => step === 0)]),
    ...(options.processors ?? []),
  ];
}

function suppress(scores: Float32Array, token: number): void {
  if (token >= 0 && token < scores.length) scores[token] = -Infinity;
}
