import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../graph/call';
import { DTypeError, PalimpsestError } from '../errors';
import { tensor, type TensorOptions } from '../graph/create';
import { DTYPES, isNumber, type DType, type StoredArray } from '../graph/dtype';
import type { Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { wrap } from '../graph/wrap';
import type { HostTensor } from './tensorBytes';

/** What this library, and what onnxruntime calls a tensor: told apart by its fields, so neither has to be installed. */
export interface OnnxTensorLike {
  readonly type: string;
  readonly dims: readonly number[];
  /** Where it lies; elements that are not on the processor are had by its `getData()`. */
  readonly location?: string;
  readonly data: unknown;
}

/** A tensor of TensorFlow.js. */
export interface TfTensorLike {
  readonly dtype: string;
  readonly shape: readonly number[];
  dataSync(): unknown;
}

/** Typed arrays with a shape, as most libraries have them. */
export interface ArrayLikeTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: unknown;
}

export type Exchangeable = HostTensor | OnnxTensorLike | TfTensorLike | ArrayLikeTensor;

export interface ExchangeOptions {
  /** Default true. Otherwise the tensor borrows the array's memory, as `wrap` does. */
  readonly copy?: boolean;
}

const EXCHANGE_OPTIONS: Kinds<ExchangeOptions> = { copy: 'boolean' };

/**
 * A tensor from one of another library, or from what `toExchange`, `readNpy` and `readNpz` give: objects with `dtype`, `shape` and
 * `data`; with `type`, `dims` and `data` (onnxruntime); or with `dtype`, `shape` and `dataSync()` (TensorFlow.js).
 *
 * @example
 * const logits = fromExchange((await session.run(feeds)).logits);
 * @throws DTypeError for a dtype that there is no tensor of, by name, or data of another kind; ShapeError when the data do not
 *   fill the shape; PalimpsestError ERR_ARGUMENT for anything else, and for data that are on another device.
 */
export function fromExchange(source: Exchangeable, options: ExchangeOptions = {}): Tensor {
  checkKinds('fromExchange', options, EXCHANGE_OPTIONS);
  const { copy = true } = options;
  const { dtype, shape, data } = partsOf(source);
  if (!ArrayBuffer.isView(data) || data instanceof DataView)
    throw new DTypeError(`fromExchange: a typed array of ${dtype} expected, got ${kindOf(data)}`);
  const known = DTYPES.find((name) => name === dtype);
  if (known === undefined) {
    throw new DTypeError(`fromExchange: there is no tensor of ${dtype}; known are ${DTYPES.join(', ')}`);
  }
  checkNumbers('fromExchange', 'the shape', shape, false);
  const elements = asStored(known, data as StoredArray);
  const parts: TensorOptions = { dtype: known, shape };
  return copy ? tensor(elements, parts) : wrap(elements, parts);
}

/**
 * The elements and what they are, as plain data: what `new ort.Tensor(dtype, data, shape)` and `tf.tensor(data, shape, dtype)`
 * take. 16-bit floats come as bits in a `Uint16Array`, int64 as a `BigInt64Array`.
 *
 * @example
 * const { dtype, data, shape } = await toExchange(x);
 * session.run({ x: new ort.Tensor(dtype, data, shape) });
 * @throws AbortedError when `signal` fires.
 */
export async function toExchange(
  x: Tensor,
  options: { readonly signal?: AbortSignal } = {},
): Promise<HostTensor> {
  checkTensors('toExchange', { x });
  return { dtype: x.dtype, shape: x.shape, data: await x.stored(options) };
}

interface Parts {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data: unknown;
}

function partsOf(source: Exchangeable): Parts {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- JavaScript callers may give anything
  if (typeof source !== 'object' || source === null) return unknown(kindOf(source));
  if ('type' in source && 'dims' in source) {
    if (source.location !== undefined && !ON_PROCESSOR.has(source.location)) {
      throw new PalimpsestError(
        'ERR_ARGUMENT',
        `fromExchange: the tensor is on '${source.location}'; give { dtype: x.type, shape: x.dims, data: await x.getData() }`,
      );
    }
    return { dtype: source.type, shape: source.dims, data: source.data };
  }
  if (!('dtype' in source && 'shape' in source))
    return unknown(`an object with ${Object.keys(source).join(', ')}`);
  if ('dataSync' in source) return { dtype: source.dtype, shape: source.shape, data: source.dataSync() };
  return { dtype: source.dtype, shape: source.shape, data: source.data };
}

/** Where onnxruntime keeps what JavaScript can read. */
const ON_PROCESSOR: ReadonlySet<string> = new Set(['cpu', 'cpu-pinned']);

function unknown(what: string): never {
  throw new PalimpsestError(
    'ERR_ARGUMENT',
    `fromExchange: { dtype, shape, data }, { type, dims, data } or { dtype, shape, dataSync } expected, got ${what}`,
  );
}

/** TensorFlow.js has bools in a Uint8Array, as we do; onnxruntime may have float16 in a Float16Array. */
function asStored(dtype: DType, data: StoredArray): StoredArray {
  if (Object.prototype.toString.call(data) !== '[object Float16Array]' || !isNumber(dtype)) return data;
  return new Uint16Array(data.buffer, data.byteOffset, data.length);
}

const kindOf = (value: unknown): string =>
  ArrayBuffer.isView(value) ? value.constructor.name : value === null ? 'null' : typeof value;
