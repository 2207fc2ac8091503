import { OptionError } from '../../errors';
import { CounterRandom } from '../../data/counterRandom';
import type { RunOptions } from '../../graph/tensor';
import { checkAborted } from '../../io/abort';
import { beamSearch } from './beamSearch';
import { Endings, type Ending } from './endings';
import type { LanguageModel } from './languageModel';
import { checkGenerateOptions, checkPrompts, eosOf, type GenerateOptions } from './options';
import { processorsOf, type LogitProcessor } from './processors';
import {
  argmaxOf,
  drawFrom,
  logSoftmaxOf,
  minPFilter,
  temperatureScale,
  topKFilter,
  topPFilter,
} from './sampling';
import { processed, Scorer, type Row } from './scorer';

/** What one step adds to the rows: every prompt's, `samples` of them one after the other. */
export interface GeneratedStep {
  readonly step: number;
  /** A token for every row; undefined where it has ended before. */
  readonly tokens: readonly (number | undefined)[];
  /** The log-probability of each token, after all changes of the scores. */
  readonly logProbs: readonly (number | undefined)[];
  /** Why rows have ended, with this step or before. */
  readonly endings: readonly (Ending | undefined)[];
}

/** One generated text. */
export interface Generated {
  /** Which prompt it goes on from. */
  readonly prompt: number;
  /** What was generated, the end included. */
  readonly tokens: readonly number[];
  /** With a tokenizer: the text of the tokens, without special ones. */
  readonly text?: string;
  readonly ending: Ending;
  /** The sum of the log-probabilities of the tokens, after all changes of the scores; of beams, over the length penalty. */
  readonly score: number;
}

interface Growing {
  readonly prompt: number;
  readonly tokens: number[];
  ending: Ending;
  score: number;
}

/**
 * Texts that go on from prompts, lists of token ids of any lengths: one by one the likeliest token, draws, or the likeliest text of a
 * beam search.
 *
 * @example
 * const model = await loadModel('./gpt2');
 * const tokenizer = await loadTokenizer('./gpt2');
 * const prompts = ['The keeper of the', 'Bees'].map((text) => tokenizer.encode(text).ids);
 * const texts = await generate(model, prompts, { tokenizer, maxNewTokens: 40, sample: true, topP: 0.9, seed: 1 });
 * @throws OptionError for a misspelled or impossible option; AbortedError when `signal` fires.
 */
export async function generate(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions = {},
  run: RunOptions = {},
): Promise<Generated[]> {
  checkPrompts('generate', prompts);
  checkGenerateOptions('generate', options, prompts.length);
  if (prompts.length === 0) return [];
  const { tokenizer, beams = 1, samples = 1 } = options;
  const withText = (found: Omit<Generated, 'text'>): Generated => ({
    ...found,
    ...(tokenizer ? { text: tokenizer.decode(found.tokens, { skipSpecialTokens: true }) } : {}),
  });
  if (beams > 1) return (await beamSearch(model, prompts, options, run)).map(withText);
  const rows = Array.from({ length: prompts.length * samples }, (_, n): Growing => ({
    prompt: Math.floor(n / samples),
    tokens: [] as number[],
    ending: 'length',
    score: 0,
  }));
  for await (const { tokens, logProbs, endings } of generateSteps(model, prompts, options, run)) {
    rows.forEach((row, n) => {
      const token = tokens[n];
      if (token === undefined) return;
      row.tokens.push(token);
      row.score += logProbs[n] ?? 0;
      row.ending = endings[n] ?? row.ending;
    });
  }
  return rows.map(withText);
}

/**
 * The same step by step, as the tokens come; not for beams, whose texts are known in the end. Leaving the loop ends the work.
 *
 * @example
 * for await (const { tokens } of generateSteps(model, [ids], { maxNewTokens: 100 })) {
 *   process.stdout.write(tokenizer.decode([tokens[0] ?? 0]));
 * }
 * @throws as `generate`, and OptionError for beams.
 */
export async function* generateSteps(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions = {},
  run: RunOptions = {},
): AsyncGenerator<GeneratedStep, void, undefined> {
  checkPrompts('generateSteps', prompts);
  checkGenerateOptions('generateSteps', options, prompts.length);
  if ((options.beams ?? 1) > 1)
    throw new OptionError('generateSteps: beams are known in the end; use generate');
  const { samples = 1, sample = false, seed = 0, maxNewTokens = 20 } = options;
  if (prompts.length === 0) return;
  const eos = eosOf(model, options);
  const endings = new Endings(eos, maxNewTokens, options);
  const chain = [...processorsOf(options, eos, maxNewTokens), ...drawingOf(options)];
  using scorer = new Scorer(model, prompts, maxNewTokens, options);
  let rows: Row[] = prompts.map((tokens, prompt) => ({ prompt, tokens }));
  let ended: (Ending | undefined)[] = [];
  let randoms: CounterRandom[] = [];
  let order: readonly number[] | undefined;
  for (let step = 0; step < maxNewTokens; step++) {
    checkAborted('generate', run.signal);
    let all = await scorer.next(rows, order, { signal: run.signal });
    order = undefined;
    if (step === 0) {
      // All samples of a prompt begin with the same scores.
      const from = rows.flatMap((_, n) => Array<number>(samples).fill(n));
      rows = from.map((n) => rows[n] ?? { prompt: n, tokens: [] });
      all = from.map((n) => all[n]?.slice() ?? new Float32Array());
      ended = rows.map(() => undefined);
      randoms = rows.map((_, n) => new CounterRandom(seed, n));
      if (samples > 1) order = from;
    }
    const tokens: (number | undefined)[] = [];
    const logProbs: (number | undefined)[] = [];
    rows = rows.map((row, n) => {
      const [scores, random] = [all[n], randoms[n]];
      if (ended[n] !== undefined || !scores || !random) {
        tokens.push(undefined);
        logProbs.push(undefined);
        // Something has to stand there; nobody looks at what follows.
        return { ...row, tokens: [...row.tokens, row.tokens.at(-1) ?? 0] };
      }
      const changed = processed(chain, scores, scorer.context(row));
      const token = sample ? drawFrom(changed, random) : argmaxOf(changed);
      tokens.push(token);
      logProbs.push(logSoftmaxOf(changed)[token] ?? 0);
      const longer = { ...row, tokens: [...row.tokens, token] };
      ended[n] = endings.of(longer.tokens.slice(prompts[row.prompt]?.length));
      return longer;
    });
    run.onProgress?.({ done: step + 1, total: maxNewTokens, phase: 'generating' });
    yield { step, tokens, logProbs, endings: [...ended] };
    if (ended.every((ending) => ending !== undefined)) return;
  }
}

function drawingOf({
  sample = false,
  temperature = 1,
  topK,
  topP = 1,
  minP = 0,
}: GenerateOptions): LogitProcessor[] {
  if (!sample) return [];
  return [
    ...(temperature === 1 ? [] : [temperatureScale(temperature)]),
    ...(topK === undefined ? [] : [topKFilter(topK)]),
    ...(topP === 1 ? [] : [topPFilter(topP)]),
    ...(minP === 0 ? [] : [minPFilter(minP)]),
  ];
}
