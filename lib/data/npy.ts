import { DTypeError, FormatError } from '../errors';
import { bytesPerElement, type AnyTypedArray, type DType } from '../graph/dtype';
import { sizeOf } from '../graph/shape';
import { atomicWrite, type WriteOptions } from '../io/atomicWrite';
import { readBytes } from '../io/readBytes';
import { byteLengthOf, type HostTensor } from '../io/tensorBytes';
import { parseNpyHeader } from './npyHeader';

/** Our dtypes by numpy's names. `|` means that the byte order does not matter. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['<f4', 'float32'],
  ['<f8', 'float64'],
  ['<i4', 'int32'],
  ['|u1', 'uint8'],
  ['|b1', 'bool'],
]);
const LONG = '<i8';

/**
 * Reads an npy file (format versions 1 and 2) with elements of one of the types little-endian f4, f8, i4, u1 and b1, or
 * i8 when every number fits into 32 bits: those come as int32. Arrays in column-major order are brought into row-major
 * order.
 *
 * @example
 * const { shape, data } = await readNpy('features.npy');
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
  const dtype = descr === LONG ? 'int32' : DTYPES.get(descr);
  if (dtype === undefined)
    return refuse(`'${descr}' elements; known are ${[...DTYPES.keys(), LONG].join(', ')}`);
  const size = sizeOf(shape);
  const expected = size * (descr === LONG ? 8 : bytesPerElement(dtype));
  const found = bytes.length - dataStart;
  if (found !== expected)
    refuse(`the shape [${shape.join(', ')}] needs ${expected} bytes of data, got ${found}`);
  // A copy of its own, because the data need not lie at a multiple of the element's size.
  const own = new Uint8Array(bytes.subarray(dataStart)).buffer;
  const data = descr === LONG ? narrowed(new Int32Array(own), refuse) : viewOf(dtype, own);
  if (dtype === 'bool') {
    const wrong = (data as Uint8Array).findIndex((byte) => byte > 1);
    if (wrong >= 0) refuse(`element ${wrong} of a b1 array is ${data[wrong] ?? ''}; 0 or 1 expected`);
  }
  return { dtype, shape, data: fortranOrder ? rowMajor(data, shape) : data };
}

/**
 * Writes an array as an npy file, whole or not at all.
 * @throws ShapeError when the data do not fill the shape; PalimpsestError ERR_IO; AbortedError.
 */
export async function writeNpy(path: string, array: HostTensor, options: WriteOptions = {}): Promise<void> {
  const descr = [...DTYPES].find(([, dtype]) => dtype === array.dtype)?.[0];
  if (descr === undefined) throw new DTypeError(`writeNpy: no npy type for ${array.dtype}`);
  const { shape, data } = array;
  const tuple = shape.length === 1 ? `(${shape.join()},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The header ends with a newline at a multiple of 64 bytes, so that the data can be mapped.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', length - 1);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, byteLengthOf(array));
  await atomicWrite(
    path,
    async (write) => {
      await write(header);
      await write(bytes);
    },
    options,
  );
}

const VIEWS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

const viewOf = (dtype: DType, buffer: ArrayBuffer): AnyTypedArray => new VIEWS[dtype](buffer);

/** 64-bit integers, given as halves, as 32-bit ones: the upper half may only repeat the sign. */
function narrowed(halves: Int32Array, refuse: (reason: string) => never): Int32Array {
  return Int32Array.from({ length: halves.length / 2 }, (_, i) => {
    const [low = 0, high = 0] = halves.subarray(2 * i, 2 * i + 2);
    if (high === low >> 31) return low;
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
    return refuse(`element ${i} of an i8 array is ${value}, which does not fit into 32 bits`);
  });
}

/** Reorders elements from first-axis-fastest to last-axis-fastest. */
function rowMajor<T extends AnyTypedArray>(columnMajor: T, shape: readonly number[]): T {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const result = columnMajor.slice() as T;
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = columnMajor[from] ?? 0;
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
