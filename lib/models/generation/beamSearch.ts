import type { RunOptions } from '../../graph/tensor';
import { checkAborted } from '../../io/abort';
import { Endings, type Ending } from './endings';
import type { Generated } from './generate';
import type { LanguageModel } from './languageModel';
import { eosOf, type GenerateOptions } from './options';
import { processorsOf, type LogitProcessor } from './processors';
import { logSoftmaxOf } from './sampling';
import { processed, Scorer, type Row } from './scorer';

/** Below every sum of log-probabilities: what takes a text out of the running. The number is that of `transformers`. */
const OUT = -1e9;

interface Beam extends Row {
  readonly score: number;
}

interface Candidate extends Beam {
  /** Which beam of the prompt it goes on from. */
  readonly origin: number;
  readonly ending: Ending | undefined;
}

interface Finished {
  readonly tokens: readonly number[];
  readonly score: number;
  readonly ending: Ending | undefined;
}

/** The beams of one prompt. */
interface Search {
  running: readonly Beam[];
  finished: readonly Finished[];
  /** Whether a running text may still become better than what is finished. */
  isOpen: boolean;
}

/**
 * The so many best texts of each prompt, the best first. In every step the likeliest `max(2, 1 + ends) beams` continuations of all
 * beams of a prompt are looked at: those that end within the first `beams` are finished, and the best of the others go on.
 */
export async function beamSearch(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
  run: RunOptions,
): Promise<Omit<Generated, 'text'>[]> {
  const { beams = 1, samples = 1, maxNewTokens = 20, lengthPenalty = 1, earlyStopping = false } = options;
  const eos = eosOf(model, options);
  const endings = new Endings(eos, maxNewTokens, options);
  const chain = processorsOf(options, eos, maxNewTokens);
  const kept = Math.max(2, 1 + eos.length) * beams;
  using scorer = new Scorer(model, prompts, maxNewTokens, options);
  const searches = prompts.map((tokens, prompt): Search => ({
    running: Array.from({ length: beams }, (_, i) => ({ prompt, tokens, score: i === 0 ? 0 : OUT })),
    finished: Array.from({ length: beams }, () => ({ tokens: [], score: OUT, ending: undefined })),
    isOpen: true,
  }));
  // The prompts themselves are computed once; the first step makes the beams of them.
  let rows: readonly Row[] = prompts.map((tokens, prompt) => ({ prompt, tokens }));
  let order: number[] | undefined;
  for (let step = 0; step < maxNewTokens; step++) {
    checkAborted('generate', run.signal);
    const scores = await scorer.next(rows, order, { signal: run.signal });
    const perPrompt = rows.length / prompts.length;
    order = [];
    for (const [prompt, search] of searches.entries()) {
      const own = scores.slice(prompt * perPrompt, (prompt + 1) * perPrompt);
      const candidates = continued(search.running, own, { chain, scorer, kept }).map((candidate) => ({
        ...candidate,
        ending: endings.of(candidate.tokens.slice(prompts[prompt]?.length)),
      }));
      const goingOn = ranked(candidates, beams, ({ score, ending }) => score + (ending ? OUT : 0));
      search.running = goingOn.map((one) => ({ ...one, score: one.score + (one.ending ? OUT : 0) }));
      order.push(...goingOn.map(({ origin }) => prompt * perPrompt + Math.min(origin, perPrompt - 1)));
      search.finished = merged(search, candidates, { beams, length: step + 1, lengthPenalty, earlyStopping });
      const hypothetical = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens : step + 1;
      const best = (search.running[0]?.score ?? OUT) / hypothetical ** lengthPenalty;
      const worst = isFull(search) ? Math.min(...search.finished.map(({ score }) => score)) : OUT;
      search.isOpen &&= best > worst;
    }
    run.onProgress?.({ done: step + 1, total: maxNewTokens, phase: 'generating' });
    if (searches.every((search) => !search.isOpen || (earlyStopping === true && isFull(search)))) break;
    rows = searches.flatMap(({ running }) => running);
  }
  return searches.flatMap(({ finished }, prompt) =>
    finished.slice(0, samples).map(({ tokens, score, ending }) => ({
      prompt,
      tokens: tokens.slice(prompts[prompt]?.length),
      score,
      ending: ending ?? 'length',
    })),
  );
}

const isFull = ({ finished }: Search): boolean => finished.every(({ ending }) => ending !== undefined);

interface Continuing {
  readonly chain: readonly LogitProcessor[];
  readonly scorer: Scorer;
  readonly kept: number;
}

/** The best continuations of all beams, the best first. */
function continued(
  running: readonly Beam[],
  scores: readonly Float32Array[],
  { chain, scorer, kept }: Continuing,
): Omit<Candidate, 'ending'>[] {
  const found: { origin: number; token: number; score: number }[] = [];
  for (const [origin, beam] of running.entries()) {
    // In the first step all beams have the scores of their prompt.
    const own = scores[Math.min(origin, scores.length - 1)] ?? new Float32Array();
    const logProbs = processed(chain, logSoftmaxOf(own), scorer.context(beam));
    for (const [token, logProb] of logProbs.entries()) {
      const score = logProb + beam.score;
      const last = found.at(-1);
      if (found.length === kept && last && !(score > last.score)) continue;
      let place = found.length;
      while (place > 0 && score > (found[place - 1]?.score ?? -Infinity)) place--;
      found.splice(place, 0, { origin, token, score });
      if (found.length > kept) found.pop();
    }
  }
  return found.map(({ origin, token, score }) => {
    const { prompt = 0, tokens = [] } = running[origin] ?? {};
    return { prompt, tokens: [...tokens, token], score, origin };
  });
}

interface Merging {
  readonly beams: number;
  /** Of what is generated, with this step. */
  readonly length: number;
  readonly lengthPenalty: number;
  readonly earlyStopping: boolean | 'never';
}

/** The best finished texts, with those that have just ended among the first of the candidates. */
function merged(
  search: Search,
  candidates: readonly Candidate[],
  { beams, length, lengthPenalty, earlyStopping }: Merging,
): readonly Finished[] {
  const isClosed = !search.isOpen || (earlyStopping === true && isFull(search));
  if (isClosed) return search.finished;
  const ended = candidates
    .slice(0, beams)
    .filter(({ ending }) => ending !== undefined)
    .map(({ tokens, score, ending }) => ({ tokens, score: score / length ** lengthPenalty, ending }));
  return ranked([...search.finished, ...ended], beams, ({ score }) => score);
}

/** The n of the highest scores, the first of equals first. */
const ranked = <T>(items: readonly T[], n: number, score: (item: T) => number): T[] =>
  items
    .map((item, place) => ({ item, place, score: score(item) }))
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, n)
    .map(({ item }) => item);
