import type { RunOptions } from '../../graph/tensor';
import { OptionError } from '../../errors';
import type { LanguageModel } from './languageModel';
import type { GenerateOptions } from './options';
import type { LogitProcessor, ScoreContext } from './processors';
import { TokenStream } from './tokenStream';

/** A text in the making. */
export interface Row {
  /** Which prompt it goes on from; undefined where it is the same row. */
  readonly prompt: number;
  /** Prompt and generated tokens. */
  readonly tokens: readonly number[];
}

interface Run {
  readonly stream: TokenStream;
  readonly prompts: readonly (readonly number[])[];
}

/** Scores of what comes next in every row: those of all runs, combined. */
export class Scorer implements Disposable {
  readonly #runs: readonly Run[];
  readonly #options: GenerateOptions;
  readonly #promptLengths: readonly number[];

  constructor(
    model: LanguageModel,
    prompts: readonly (readonly number[])[],
    readonly steps: number,
    options: GenerateOptions,
  ) {
    this.#options = options;
    this.#promptLengths = prompts.map((prompt) => prompt.length);
    const { parameters, branches = [], cache = true, bucket = 64 } = options;
    const first = { model, prompts, ...(parameters ? { parameters } : {}) };
    this.#runs = [first, ...branches].map((branch) => {
      const own = branch.prompts ?? prompts;
      const lastStep = Math.max(...own.map((prompt) => prompt.length)) + steps - 1;
      return {
        prompts: own,
        stream: new TokenStream(branch.model, branch.parameters ?? branch.model.parameters, {
          cache,
          bucket,
          lastStep,
        }),
      };
    });
  }

  /** `order` says which row of the call before each of these goes on from; undefined where it is the same row. */
  async next(
    rows: readonly Row[],
    order: readonly number[] | undefined,
    run: RunOptions,
  ): Promise<Float32Array[]> {
    const all: Float32Array[][] = [];
    for (const { stream, prompts } of this.#runs) {
      const own = rows.map((row) => [...(prompts[row.prompt] ?? []), ...this.#generated(row)]);
      all.push(parted(await stream.next(own, order, run), rows.length));
    }
    return rows.map((row, n) => {
      const scores = all.map((branch) => branch[n] ?? new Float32Array());
      return this.#options.combine?.(scores, this.context(row)) ?? scores[0] ?? new Float32Array();
    });
  }

  context(row: Row): ScoreContext {
    const promptLength = this.#promptLengths[row.prompt] ?? 0;
    return { tokens: row.tokens, promptLength, prompt: row.prompt, step: row.tokens.length - promptLength };
  }

  #generated({ prompt, tokens }: Row): readonly number[] {
    return tokens.slice(this.#promptLengths[prompt]);
  }

  [Symbol.dispose](): void {
    for (const { stream } of this.#runs) stream.dispose();
  }
}

/** @throws OptionError where a processor makes something else of scores. */
export function processed(
  chain: readonly LogitProcessor[],
  scores: Float32Array,
  context: ScoreContext,
): Float32Array {
  return chain.reduce((now, processor) => {
    const next = processor(now, context) ?? now;
    if (next instanceof Float32Array && next.length === scores.length) return next;
    throw new OptionError(`generate: a processor must give a Float32Array of ${scores.length} scores`);
  }, scores);
}

const parted = (flat: Float32Array, rows: number): Float32Array[] => {
  const classes = flat.length / rows;
  return Array.from({ length: rows }, (_, n) => flat.slice(n * classes, (n + 1) * classes));
};
