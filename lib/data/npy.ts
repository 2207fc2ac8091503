import { DTypeError, FormatError } from '../errors';
import { allocateStored, bytesPerElement, type DType, type StoredArray } from '../graph/dtype';
import { evaluate } from '../graph/evaluate';
import { sizeOf } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { atomicWrite, type WriteOptions } from '../io/atomicWrite';
import { readBytes } from '../io/readBytes';
import { byteLengthOf, bytesOf, type HostTensor } from '../io/tensorBytes';
import { parseNpyHeader } from './npyHeader';

/** Our dtypes by numpy's names. `|` means that the byte order does not matter. There is no bfloat16. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['<f4', 'float32'],
  ['<f8', 'float64'],
  ['<f2', 'float16'],
  ['<i4', 'int32'],
  ['<i8', 'int64'],
  ['|u1', 'uint8'],
  ['|b1', 'bool'],
]);

/**
 * Reads an npy file (format versions 1 and 2) with elements of one of the types little-endian f2, f4, f8, i4, i8, u1 and
 * b1. Arrays in column-major order are brought into row-major order. The elements come as they are stored: float16 as
 * bits in a `Uint16Array`, int64 as bigints; `tensor(data, { shape, dtype })` takes them.
 *
 * @example
 * const { shape, dtype, data } = await readNpy('features.npy');
 * @throws FormatError with the path and the reason; PalimpsestError ERR_IO.
 */
export async function readNpy(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<HostTensor> {
  return parseNpy(await readBytes(path, options.signal), path);
}

/** Takes the bytes of an npy file apart. `where` names them in messages. */
export function parseNpy(bytes: Uint8Array, where: string): HostTensor {
  const refuse = (reason: string): never => {
    throw new FormatError(`'${where}': npy: ${reason}`);
  };
  const { descr, fortranOrder, shape, dataStart } = parseNpyHeader(bytes, refuse);
  const dtype = DTYPES.get(descr);
  if (dtype === undefined) return refuse(`'${descr}' elements; known are ${[...DTYPES.keys()].join(', ')}`);
  const size = sizeOf(shape);
  const expected = size * bytesPerElement(dtype);
  const found = bytes.length - dataStart;
  if (found !== expected)
    refuse(`the shape [${shape.join(', ')}] needs ${expected} bytes of data, got ${found}`);
  // A copy of its own, because the data need not lie at a multiple of the element's size.
  const data = allocateStored(dtype, size);
  new Uint8Array(data.buffer).set(bytes.subarray(dataStart));
  if (dtype === 'bool') {
    const wrong = (data as Uint8Array).findIndex((byte) => byte > 1);
    if (wrong >= 0) refuse(`element ${wrong} of a b1 array is ${data[wrong] ?? ''}; 0 or 1 expected`);
  }
  return { dtype, shape, data: fortranOrder ? rowMajor(data, shape) : data };
}

/** The bytes of an npy file before its data. @throws DTypeError for bfloat16, which npy does not have. */
export function npyHeader(where: string, { dtype, shape }: Pick<HostTensor, 'dtype' | 'shape'>): Uint8Array {
  const descr = [...DTYPES].find(([, held]) => held === dtype)?.[0];
  if (descr === undefined) {
    throw new DTypeError(
      `${where}: npy has no ${dtype}; cast it to float32, which holds each of its numbers`,
    );
  }
  const tuple = shape.length === 1 ? `(${shape.join()},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The header ends with a newline at a multiple of 64 bytes, so that the data can be mapped.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', length - 1);
  return header;
}

/**
 * Writes a tensor or an array as an npy file, whole or not at all. A tensor that was not evaluated is.
 * @throws DTypeError for bfloat16, which npy does not have; ShapeError when the data do not fill the shape;
 *   PalimpsestError ERR_IO; AbortedError.
 */
export async function writeNpy(
  path: string,
  array: Tensor | HostTensor,
  options: WriteOptions = {},
): Promise<void> {
  const header = npyHeader('writeNpy', array);
  byteLengthOf(array);
  if (array instanceof Tensor) await evaluate(array, { signal: options.signal });
  await atomicWrite(
    path,
    async (write) => {
      await write(header);
      for await (const bytes of bytesOf(array, options.signal)) await write(bytes);
    },
    options,
  );
}

/** Reorders elements from first-axis-fastest to last-axis-fastest. */
function rowMajor<T extends StoredArray>(columnMajor: T, shape: readonly number[]): T {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const result = columnMajor.slice() as T;
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = columnMajor[from] as T[number];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [extent = 1, stride = 0, at = 0] = [shape[axis], strides[axis], index[axis]];
      from += stride;
      index[axis] = at + 1;
      if (at + 1 < extent) break;
      from -= stride * extent;
      index[axis] = 0;
    }
  }
  return result;
}
