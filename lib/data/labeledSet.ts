import { DTypeError, OptionError, PalimpsestError, ShapeError } from '../errors';
import { checkShape, formatShape, sameShape, sizeOf, type Shape } from '../graph/shape';
import { Batches, type BatchOptions } from './batches';
import { stampOf, type Features, type Patch } from './patch';
import { joined, Rows } from './rows';

export interface LabeledData {
  /** The examples one after the other, in row-major order. Not copied, so they must not change any more. */
  readonly features: Features;
  /** One class number per example. */
  readonly labels: Int32Array | Uint8Array | readonly number[];
  /** Shape of one example: [28, 28], [3, 32, 32], [columns]. */
  readonly exampleShape: Shape;
  /** How many classes there are. Default: the largest label plus one. */
  readonly classCount?: number | undefined;
}

/**
 * Examples with class numbers. Immutable: choosing, joining, relabelling and patching give new sets, which share the
 * examples' memory and hold lists of places in it.
 *
 * @example
 * const forget = train.subset(train.indicesWhere((label) => label === 3));
 * for (const { x, y } of forget.batches(128, { order: 'shuffled', seed: 1 })) ...
 */
export class LabeledSet {
  readonly #rows: Rows;

  private constructor(
    rows: Rows,
    /** Class numbers by position. Not to be changed. */
    readonly labels: Int32Array,
    readonly classCount: number,
    /** Each example's position in the set that was made from data: subsets carry it along. Not to be changed. */
    readonly ids: Int32Array,
  ) {
    this.#rows = rows;
  }

  /** @throws ShapeError when the lengths disagree; OptionError for labels that are no class numbers. */
  static of(data: LabeledData): LabeledSet {
    const rows = rowsOf(data);
    const classCount = data.classCount ?? largest(data.labels) + 1;
    return new LabeledSet(rows, checkedLabels(data.labels, classCount), classCount, positions(rows.size));
  }

  get size(): number {
    return this.labels.length;
  }

  get exampleShape(): Shape {
    return this.#rows.exampleShape;
  }

  /** What the examples are made of: pixels as bytes, or floats. */
  get dtype(): 'uint8' | 'float32' {
    return this.#rows.bytes ? 'uint8' : 'float32';
  }

  /** All examples one after the other: a copy, made anew every time. */
  get features(): Features {
    return this.read(positions(this.size));
  }

  /** A copy of the examples at these positions. @throws PalimpsestError ERR_INDEX for a position out of range. */
  read(indices: Int32Array): Features {
    this.#check('read', indices);
    return this.#rows.read(indices);
  }

  /**
   * The examples at these positions, in that order. Nothing is copied.
   * @throws PalimpsestError ERR_INDEX for a position out of range.
   */
  subset(indices: Int32Array | readonly number[]): LabeledSet {
    const chosen = this.#check('subset', indices);
    const at = (list: Int32Array): Int32Array => chosen.map((position) => list[position] ?? 0);
    return new LabeledSet(this.#rows.select(chosen), at(this.labels), this.classCount, at(this.ids));
  }

  /** The examples at these positions, and all others in their order. */
  split(indices: Int32Array | readonly number[]): { readonly chosen: LabeledSet; readonly rest: LabeledSet } {
    const chosen = new Set(this.#check('split', indices));
    return {
      chosen: this.subset(indices),
      rest: this.subset(this.indicesWhere((_, index) => !chosen.has(index))),
    };
  }

  /** The positions for which the test holds, in ascending order. */
  indicesWhere(test: (label: number, index: number) => boolean): Int32Array {
    const indices: number[] = [];
    this.labels.forEach((label, index) => {
      if (test(label, index)) indices.push(index);
    });
    return Int32Array.from(indices);
  }

  /** These examples, then those of the other set. @throws ShapeError, DTypeError when they differ in kind. */
  concat(other: LabeledSet): LabeledSet {
    if (!sameShape(this.exampleShape, other.exampleShape)) {
      const shapes = `${formatShape(this.exampleShape)} and ${formatShape(other.exampleShape)}`;
      throw new ShapeError(`concat: examples of one shape expected, got ${shapes}`);
    }
    if (this.dtype !== other.dtype) {
      throw new DTypeError(`concat: examples of one dtype expected, got ${this.dtype} and ${other.dtype}`);
    }
    return new LabeledSet(
      this.#rows.concat(other.#rows),
      joined(this.labels, other.labels),
      Math.max(this.classCount, other.classCount),
      joined(this.ids, other.ids),
    );
  }

  /** The same examples with other labels. @throws OptionError for a label outside [0, classCount). */
  relabel(map: (label: number, index: number) => number): LabeledSet {
    const labels = checkedLabels(Array.from(this.labels, map), this.classCount);
    return new LabeledSet(this.#rows, labels, this.classCount, this.ids);
  }

  /**
   * The same examples, those at `indices` (default: all) with a bright square in the bottom right corner.
   * @throws ShapeError unless the examples are images; OptionError for a patch that does not fit.
   */
  withPatch(patch: Patch, indices: Int32Array | readonly number[] = positions(this.size)): LabeledSet {
    const stamp = stampOf(patch, this.exampleShape, this.#rows.arrays);
    const rows = this.#rows.stamped(stamp, this.#check('withPatch', indices));
    return new LabeledSet(rows, this.labels, this.classCount, this.ids);
  }

  /** The examples as tensors, `size` at a time. @throws OptionError for a size that is no positive integer. */
  batches(size: number, options: BatchOptions = {}): Batches {
    return new Batches(this, size, options);
  }

  #check(where: string, indices: Int32Array | readonly number[]): Int32Array {
    for (const index of indices) {
      if (Number.isInteger(index) && index >= 0 && index < this.size) continue;
      throw new PalimpsestError(
        'ERR_INDEX',
        `${where}: an index must be an integer in [0, ${this.size}), got ${index}`,
      );
    }
    return Int32Array.from(indices);
  }
}

function rowsOf({ features, labels, exampleShape }: LabeledData): Rows {
  checkShape('LabeledSet', exampleShape);
  if (!(features instanceof Uint8Array) && !(features instanceof Float32Array)) {
    throw new DTypeError('LabeledSet: features are a Uint8Array or a Float32Array');
  }
  if (features.length !== labels.length * sizeOf(exampleShape)) {
    throw new ShapeError(
      `LabeledSet: ${labels.length} examples ${formatShape(exampleShape)} need ` +
        `${labels.length * sizeOf(exampleShape)} features, got ${features.length}`,
    );
  }
  return Rows.of(features, exampleShape, labels.length);
}

function checkedLabels(labels: LabeledData['labels'], classCount: number): Int32Array {
  if (!Number.isSafeInteger(classCount) || classCount < 0) {
    throw new OptionError(`LabeledSet: classCount must be a non-negative integer, got ${classCount}`);
  }
  for (const [index, label] of labels.entries()) {
    if (Number.isInteger(label) && label >= 0 && label < classCount) continue;
    throw new OptionError(
      `LabeledSet: a label must be an integer in [0, ${classCount}), got ${label} for example ${index}`,
    );
  }
  return Int32Array.from(labels);
}

const largest = (labels: LabeledData['labels']): number =>
  (labels as readonly number[]).reduce((most, label) => Math.max(most, label), -1);

const positions = (size: number): Int32Array => Int32Array.from({ length: size }, (_, i) => i);
