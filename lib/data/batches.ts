import { checkOptions, OptionError } from '../errors';
import { tensor } from '../graph/create';
import type { Tensor } from '../graph/tensor';
import type { LabeledSet } from './labeledSet';
import { permutation } from './shuffle';

export interface BatchOptions {
  /** Default `'asGiven'`. `'shuffled'`: a random order that depends on `seed` and `epoch` alone. */
  readonly order?: 'asGiven' | 'shuffled' | undefined;
  /** A non-negative integer. Default 0. */
  readonly seed?: number | undefined;
  /** Which shuffle of that seed: a different order in every epoch. Default 0. */
  readonly epoch?: number | undefined;
}

/** Some examples as tensors. They are the caller's: dispose them, or iterate within `tidy`. */
export interface Batch extends Disposable {
  /** [size, ...exampleShape], uint8 or float32 as the set holds them. */
  readonly x: Tensor;
  /** The labels, int32 [size]. */
  readonly y: Tensor;
  /** How many examples: the last batch may have fewer than the others. */
  readonly size: number;
  /** Their positions in the set. */
  readonly indices: Int32Array;
}

/** The batches of a set, made one by one; can be gone through any number of times. */
export class Batches implements Iterable<Batch> {
  /** How many batches there are. */
  readonly count: number;
  readonly #order: Int32Array;

  /** @throws OptionError for a batch size that is no positive integer, or an unknown option. */
  constructor(
    readonly set: LabeledSet,
    readonly batchSize: number,
    options: BatchOptions = {},
  ) {
    checkOptions('batches', options, ['order', 'seed', 'epoch']);
    const { order = 'asGiven', seed = 0, epoch = 0 } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new OptionError(`batches: the batch size must be a positive integer, got ${batchSize}`);
    }
    if (!['asGiven', 'shuffled'].includes(order)) {
      throw new OptionError(`batches: order must be 'asGiven' or 'shuffled', got '${order}'`);
    }
    this.count = Math.ceil(set.size / batchSize);
    this.#order =
      order === 'shuffled'
        ? permutation(set.size, seed, epoch)
        : Int32Array.from({ length: set.size }, (_, i) => i);
  }

  *[Symbol.iterator](): Generator<Batch, undefined> {
    for (let begin = 0; begin < this.#order.length; begin += this.batchSize) {
      yield batchOf(this.set, this.#order.slice(begin, begin + this.batchSize));
    }
    return undefined;
  }
}

/** The examples at these positions as one batch. */
export function batchOf(set: LabeledSet, indices: Int32Array): Batch {
  const x = tensor(set.read(indices), { shape: [indices.length, ...set.exampleShape] });
  const y = tensor(indices.map((index) => set.labels[index] ?? 0));
  const dispose = (): void => {
    x.dispose();
    y.dispose();
  };
  return { x, y, size: indices.length, indices, [Symbol.dispose]: dispose };
}
