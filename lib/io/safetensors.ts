import { DTypeError, FormatError, nearest, PalimpsestError } from '../errors';
import type { DType } from '../graph/dtype';
import { Parameters } from '../graph/parameters';
import { formatShape, type Shape } from '../graph/shape';
import { Storage, Tensor } from '../graph/tensor';
import { native, type FileHandle, type SafetensorsListing } from '../native';
import { ioError } from './ioError';

/** Our dtypes by the format's names. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['F32', 'float32'],
  ['F64', 'float64'],
  ['I32', 'int32'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
  ['BF16', 'bfloat16'],
  ['F16', 'float16'],
  ['I64', 'int64'],
]);

const MAX_AXES = 16;

/** One tensor of a file, as its header describes it. `dtype` is the format's own name: F32, BF16, ... */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
}

/**
 * Opens a safetensors file. The header is checked in full, off the JavaScript thread: names, dtypes, shapes, and that
 * the data lie in the file without gap or overlap. Tensors are mapped when they are asked for and read from the disk
 * when they are used, so the file must not be changed in place meanwhile (files that palimpsest writes never are).
 *
 * @example
 * const file = await readSafetensors('model.safetensors');
 * const weight = file.tensor('fc1.weight');
 * const all = file.parameters();
 * @throws FormatError with the tensor's name and the reason when the file is not what the format allows.
 * @throws PalimpsestError ERR_IO when it cannot be read.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  if (typeof path !== 'string')
    throw new PalimpsestError('ERR_ARGUMENT', 'readSafetensors: a path is a string');
  try {
    return new SafetensorsFile(path, await native.openSafetensors(path));
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`'${path}': ${error.message}`, { cause: error });
    throw ioError('read', path, error);
  }
}

/** An open safetensors file. Tensors that were taken from it keep its bytes alive by themselves. */
export class SafetensorsFile {
  /** All tensors, in the order of their data. */
  readonly entries: readonly SafetensorsEntry[];
  /** The texts under `__metadata__`, in the file's order. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly #handle: FileHandle;
  readonly #numbers: ReadonlyMap<string, number>;

  /**
   * Not for direct use: `readSafetensors` opens files.
   * @internal
   */
  constructor(
    readonly path: string,
    listing: SafetensorsListing,
  ) {
    this.entries = listing.tensors;
    this.metadata = new Map(listing.metadata);
    this.#handle = listing.file;
    this.#numbers = new Map(listing.tensors.map(({ name }, number) => [name, number]));
  }

  has(name: string): boolean {
    return this.#numbers.has(name);
  }

  /**
   * A tensor over the file's bytes, not copied where its elements are aligned.
   * @throws PalimpsestError ERR_PARAMETER for a name that is not there; DTypeError for a dtype that we have no tensor
   *   of (I16, U32, F8_E4M3, ...); FormatError for a BOOL that is neither 0 nor 1.
   */
  tensor(name: string): Tensor {
    const number = this.#numbers.get(name);
    const entry = number === undefined ? undefined : this.entries[number];
    if (number === undefined || entry === undefined) throw this.#unknown(name);
    const dtype = DTYPES.get(entry.dtype);
    if (!dtype) {
      throw new DTypeError(
        `${this.#where(name)} is ${entry.dtype}; there are tensors of ${[...DTYPES.keys()].join(', ')}`,
      );
    }
    if (entry.shape.length > MAX_AXES) {
      throw new FormatError(
        `${this.#where(name)} has ${entry.shape.length} axes; a tensor has at most ${MAX_AXES}`,
      );
    }
    const storage = new Storage(native.safetensorsBuffer(this.#handle, number));
    const tensor = new Tensor({ shape: entry.shape, dtype }, { storage });
    if (dtype === 'bool') this.#checkBool(name, tensor);
    return tensor;
  }

  /** All tensors, or those named, in that order. @throws as `tensor` does. */
  parameters(names: Iterable<string> = this.#numbers.keys()): Parameters {
    return new Parameters([...names].map((name) => [name, this.tensor(name)] as const));
  }

  #checkBool(name: string, tensor: Tensor): void {
    const bytes = new Uint8Array(tensor.size);
    native.readBuffer(tensor.storage.handle, 0, bytes);
    const wrong = bytes.findIndex((byte) => byte > 1);
    if (wrong < 0) return;
    tensor.dispose();
    throw new FormatError(
      `${this.#where(name)} is BOOL, but element ${wrong} is ${bytes[wrong]}; 0 or 1 expected`,
    );
  }

  #where(name: string): string {
    return `'${this.path}': tensor ${JSON.stringify(name)}`;
  }

  #unknown(name: string): PalimpsestError {
    const near = nearest(name, this.#numbers.keys());
    const hint = near === undefined ? `there are ${this.entries.length} others` : `did you mean '${near}'?`;
    return new PalimpsestError('ERR_PARAMETER', `'${this.path}': no tensor '${name}'; ${hint}`);
  }

  toString(): string {
    const listed = this.entries.map(({ name, dtype, shape }) => `${name}: ${dtype} ${formatShape(shape)}`);
    return `SafetensorsFile('${this.path}', ${listed.join(', ')})`;
  }
}
