import { PalimpsestError } from '../errors';
import { native, type BufferHandle } from '../native';
import {
  allocateStored,
  bytesPerElement,
  isHalf,
  storedOver,
  type DType,
  type NumberDType,
  type StoredArray,
  type TypedArrayOf,
} from './dtype';
import { fromHalfBits } from './halves/halfBits';
import type { Op } from './op';
import { formatShape, sizeOf, type Shape } from './shape';
import { formatElements, type FormatOptions } from './text/format';

/** What is known of a tensor before anything is computed. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Bytes on the native side, shared by every tensor that is a reshaped view of them. */
export class Storage {
  #owners = 0;

  constructor(readonly handle: BufferHandle) {}

  retain(): this {
    this.#owners += 1;
    return this;
  }

  release(): void {
    this.#owners -= 1;
    if (this.#owners === 0) native.releaseBuffer(this.handle);
  }
}

/** While set, new nodes count as made at this moment. */
let momentNow: number | undefined;

/** Runs `work`; the nodes that it makes are to run next to `node`, as long as what they need is there by then. */
export function beside<R>(node: Node, work: () => R): R {
  const before = momentNow;
  momentNow = node.moment;
  try {
    return work();
  } finally {
    momentNow = before;
  }
}

/** One application of an op: what connects tensors to a graph. */
export class Node {
  readonly outputs: readonly Tensor[];
  /** Programs run nodes in this order where they can: that in which they were made, unless told otherwise. */
  readonly moment: number;
  /** Which walk has last been here, and how far it was: `nodesInOrder` marks nodes rather than keep sets of them. */
  mark = 0;

  constructor(
    readonly op: Op,
    readonly inputs: readonly Tensor[],
    readonly attributes: object,
    specs: readonly Spec[],
  ) {
    this.moment = momentNow ?? nextId;
    const outputs: Tensor[] = [];
    for (const spec of specs) outputs.push(new Tensor(spec, { node: this }));
    this.outputs = outputs;
  }
}

/** Set by evaluate.ts, which this file must not import: an evaluated tensor knows nothing of programs. */
export const evaluation: { run: (tensors: readonly Tensor[], options: RunOptions) => Promise<void> } = {
  run: () => Promise.reject(new PalimpsestError('ERR_INTERNAL', 'evaluate is not loaded')),
};

/** Told of every storage that a tensor gets: `tidy` listens. */
export const storageObserver: { created: (tensor: Tensor) => void } = { created: () => undefined };

/** What long work takes, under the same two names everywhere. */
export interface RunOptions {
  /** Cancels the run between two pieces of work; it then rejects with `AbortedError`. */
  readonly signal?: AbortSignal | undefined;
  /** Called at most ten times a second while the run goes on. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly phase?: string;
}

let nextId = 1;

/** Copying so much takes longer than a few milliseconds: the event loop need not wait for it. */
const LARGE_COPY_BYTES = 16 << 20;

/** The edges of more axes are too many for one look. */
const MOST_AXES_SHOWN = 4;

/**
 * An n-dimensional array that may not have been computed yet. Ops return lazy tensors at once; `evaluate`, `data` and
 * `item` compute them off the JavaScript thread. A tensor never changes its value.
 */
export class Tensor implements Disposable {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Unique within the process; the key of this tensor in graphs. */
  readonly id = nextId++;
  #node: Node | undefined;
  #storage: Storage | undefined;
  #disposed = false;

  /**
   * Not for direct use: `tensor(values)` and the ops make tensors.
   * @internal
   */
  constructor(spec: Spec, source: { readonly node?: Node; readonly storage?: Storage } = {}) {
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    this.#node = source.node;
    if (source.storage) this.setStorage(source.storage);
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get bytes(): number {
    return this.size * bytesPerElement(this.dtype);
  }

  /**
   * The op application this tensor comes from; undefined once evaluated, and for data.
   * @internal
   */
  get node(): Node | undefined {
    return this.#node;
  }

  get evaluated(): boolean {
    return this.#storage !== undefined;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * The native bytes.
   * @throws PalimpsestError ERR_DISPOSED or ERR_NOT_EVALUATED.
   * @internal
   */
  get storage(): Storage {
    return this.#storage ?? this.#missing();
  }

  /** Throws what `storage` would throw. */
  checkEvaluated(): void {
    if (!this.#storage) this.#missing();
  }

  #missing(): never {
    if (this.#disposed)
      throw new PalimpsestError('ERR_DISPOSED', `tensor ${formatShape(this.shape)} was disposed`);
    throw new PalimpsestError(
      'ERR_NOT_EVALUATED',
      `tensor ${formatShape(this.shape)} has not been evaluated`,
    );
  }

  /**
   * Gives the tensor its bytes and lets go of the graph behind it.
   * @internal
   */
  setStorage(storage: Storage): void {
    this.#storage = storage.retain();
    this.#node = undefined;
    storageObserver.created(this);
  }

  /**
   * A copy of the elements in row-major order, computed first when need be. `bool` comes as bytes 0 and 1, bfloat16 and
   * float16 as the float32 numbers they are, int64 as bigints: `data<'int64'>()` says so to the compiler.
   * @throws AbortedError when `signal` fires.
   */
  async data<D extends DType = NumberDType>(options: RunOptions = {}): Promise<TypedArrayOf[D]> {
    const elements = await this.stored(options);
    const data = isHalf(this.dtype) ? fromHalfBits(this.dtype, elements as Uint16Array) : elements;
    return data as TypedArrayOf[D];
  }

  /**
   * A copy of the elements as they are stored: as `data` gives them, but bfloat16 and float16 as bits in a `Uint16Array`.
   * @throws AbortedError when `signal` fires.
   */
  async stored(options: RunOptions = {}): Promise<StoredArray> {
    if (!this.#storage) await evaluation.run([this], options);
    if (this.bytes < LARGE_COPY_BYTES) return this.#copy();
    const copy = new Storage(await native.copyBuffer(this.storage.handle, options.signal)).retain();
    const bytes = native.arrayOf(copy.handle);
    copy.release();
    return bytes ? storedOver(this.dtype, bytes) : this.#copy();
  }

  #copy(): StoredArray {
    const elements = allocateStored(this.dtype, this.size);
    native.readBuffer(this.storage.handle, 0, elements);
    return elements;
  }

  /**
   * The elements themselves as they are stored, computed first when need be: not copied, and not to be written, because every
   * tensor that shares them would change. They stay after the tensor is disposed, for as long as the array is held.
   *
   * What is mapped from a file or borrowed is copied, and so is everything where ArrayBuffers have to lie in V8's own memory
   * (Electron).
   * @throws AbortedError when `signal` fires.
   */
  async view(options: RunOptions = {}): Promise<StoredArray> {
    if (!this.#storage) await evaluation.run([this], options);
    const bytes = native.arrayOf(this.storage.handle);
    return bytes ? storedOver(this.dtype, bytes) : this.#copy();
  }

  /**
   * The value of a tensor with one element, as a number.
   * @throws PalimpsestError ERR_SHAPE for any other size; ERR_VALUE for an int64 beyond the safe integers: `data` has it.
   */
  async item(options: RunOptions = {}): Promise<number> {
    if (this.size !== 1) {
      throw new PalimpsestError(
        'ERR_SHAPE',
        `item: one element expected, the shape is ${formatShape(this.shape)}`,
      );
    }
    const [value] = await this.data<DType>(options);
    if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) {
      throw new PalimpsestError('ERR_VALUE', `item: ${value} is not a safe integer; use data`);
    }
    return Number(value);
  }

  /** Frees the memory now rather than when the collector gets to it. Idempotent; use afterwards is ERR_DISPOSED. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#storage?.release();
    this.#storage = undefined;
    this.#node = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * The elements as NumPy prints them, computed first when need be; only the edges of more than `threshold` elements.
   *
   * @example
   * console.log(await x.format({ precision: 3 }));
   * @throws OptionError for a misspelled or impossible option; AbortedError when `signal` fires.
   */
  async format(options: FormatOptions = {}, run: RunOptions = {}): Promise<string> {
    if (!this.#storage) await evaluation.run([this], run);
    return this.#written(options);
  }

  #written(options?: FormatOptions): string {
    const width = bytesPerElement(this.dtype);
    const read = (start: number, count: number): StoredArray => {
      const elements = allocateStored(this.dtype, count);
      native.readBuffer(this.storage.handle, start * width, elements);
      return elements;
    };
    return formatElements(this, read, options);
  }

  toString(): string {
    const state = this.#disposed ? ', disposed' : this.#storage ? '' : ', lazy';
    return `Tensor(${this.dtype} ${formatShape(this.shape)}${state})`;
  }
  /** With the elements, if they are there: `console.log` computes nothing. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const isShown =
      this.#storage !== undefined && (this.size <= 1000 || this.shape.length <= MOST_AXES_SHOWN);
    return isShown ? `${this.toString()} ${this.#written()}` : this.toString();
  }
}
