import { OptionError } from '../errors';
import { CounterRandom } from './counterRandom';

/** The numbers 0 ... size - 1 in a random order that depends on the seed and the stream alone. */
export function permutation(size: number, seed: number, stream = 0): Int32Array {
  return drawn(size, size, new CounterRandom(seed, stream));
}

/**
 * So many different numbers out of 0 ... size - 1, every choice equally likely, in ascending order.
 *
 * @example
 * const forget = train.subset(sampleIndices(train.size, 1000, seed));
 * @throws OptionError when `count` is not an integer in [0, size].
 */
export function sampleIndices(size: number, count: number, seed: number, stream = 0): Int32Array {
  if (!Number.isInteger(count) || count < 0 || count > size) {
    throw new OptionError(`sampleIndices: count must be an integer in [0, ${size}], got ${count}`);
  }
  return drawn(size, count, new CounterRandom(seed, stream)).sort();
}

/** The first `count` steps of the shuffle of Fisher and Yates. */
function drawn(size: number, count: number, random: CounterRandom): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(size - i);
    const swapped = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swapped;
  }
  return order.subarray(0, count);
}
