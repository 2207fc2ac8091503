import type { GenerateOptions } from './options';

/** Why a text ended: a token that ends it, a text that does, or the length. */
export type Ending = 'eos' | 'stopString' | 'length';

/** What ends texts. */
export class Endings {
  readonly #longest: number;

  constructor(
    readonly eos: readonly number[],
    readonly steps: number,
    readonly options: GenerateOptions,
  ) {
    const lengths = (options.stopStrings ?? []).map((text) => Buffer.byteLength(text));
    this.#longest = Math.max(0, ...lengths);
  }

  /** Why a text ends with these generated tokens; undefined where it goes on. */
  of(generated: readonly number[]): Ending | undefined {
    if (this.eos.includes(generated.at(-1) ?? -1)) return 'eos';
    const { stopStrings = [], tokenizer } = this.options;
    if (tokenizer && stopStrings.length > 0) {
      // Every token is a byte at least; a few more, because decoders treat the beginning of a text differently.
      const tail = tokenizer.decode(generated.slice(-this.#longest - 4));
      if (stopStrings.some((text) => tail.includes(text))) return 'stopString';
    }
    return generated.length >= this.steps ? 'length' : undefined;
  }
}
