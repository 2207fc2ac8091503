import { OptionError } from '../errors';

/**
 * Random numbers for decisions about data: which examples, in which order. They are made in JavaScript, without the
 * engine, by Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): block b of stream s under a seed is the function
 *
 *     philox(counter = [b mod 2^32, floor(b / 2^32), s, 1], key = [seed mod 2^32, floor(seed / 2^32)])
 *
 * of four 32-bit words, used from the first to the last. So the bits depend on the seed, the stream and the place
 * alone, on every machine. Streams of one seed never overlap, nor does the engine's random stream, whose counters end in 0.
 */
export class CounterRandom {
  readonly #key: readonly [number, number];
  #block = 0;
  #words: readonly number[] = [];
  #used = 0;

  /** @throws OptionError unless `seed` is a non-negative safe integer and `stream` one below 2^32. */
  constructor(
    seed: number,
    readonly stream = 0,
  ) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new OptionError(`seed must be a non-negative safe integer, got ${seed}`);
    }
    if (!Number.isInteger(stream) || stream < 0 || stream >= WORD) {
      throw new OptionError(`a stream of random numbers must be an integer in [0, 2^32), got ${stream}`);
    }
    this.#key = [seed % WORD, Math.floor(seed / WORD)];
  }

  /** The next 32 bits. */
  word(): number {
    if (this.#used === this.#words.length) {
      this.#words = philox([this.#block % WORD, Math.floor(this.#block / WORD), this.stream, 1], this.#key);
      this.#block += 1;
      this.#used = 0;
    }
    return this.#words[this.#used++] ?? 0;
  }

  /** A whole number in [0, bound), all equally likely; `bound` is at most 2^32. */
  below(bound: number): number {
    // Words from the last, incomplete round of `bound` are drawn again: they would favour small numbers.
    const limit = WORD - (WORD % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }
}

type Words = readonly [number, number, number, number];

const WORD = 2 ** 32;
const ROUNDS = 10;
/** The multipliers and the key's increments (golden ratio, sqrt(3) - 1) of the paper. */
const [MULTIPLIER_0, MULTIPLIER_1] = [0xd2511f53, 0xcd9e8d57];
const [WEYL_0, WEYL_1] = [0x9e3779b9, 0xbb67ae85];

/** Four random words of a counter and a key. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    [c0, c1, c2, c3] = [
      (highWord(MULTIPLIER_1, c2) ^ c1 ^ k0) >>> 0,
      Math.imul(MULTIPLIER_1, c2) >>> 0,
      (highWord(MULTIPLIER_0, c0) ^ c3 ^ k1) >>> 0,
      Math.imul(MULTIPLIER_0, c0) >>> 0,
    ];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The upper half of the 64-bit product of two words. */
function highWord(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const crossA = aHigh * bLow + ((aLow * bLow) >>> 16);
  const crossB = aLow * bHigh + (crossA & 0xffff);
  return aHigh * bHigh + (crossA >>> 16) + (crossB >>> 16);
}
