import { DTypeError } from '../errors';

/** Element types. The order is the program format's: native/core/dtype.h lists the same. */
export const DTYPES = [
  'float32',
  'float64',
  'int32',
  'uint8',
  'bool',
  'bfloat16',
  'float16',
  'int64',
] as const;

/** `bool` is stored as one byte, 0 or 1. */
export type DType = (typeof DTYPES)[number];
export type FloatDType = WideFloatDType | HalfDType;
/** Floats that are computed in. */
export type WideFloatDType = 'float32' | 'float64';
/** Floats of 16 bits: for storage and products; everything else computes in float32 and rounds what it stores. */
export type HalfDType = 'bfloat16' | 'float16';
/** dtypes whose elements are JavaScript numbers. */
export type NumberDType = Exclude<DType, 'int64'>;
/** What `data()` returns for each dtype. The floats of 16 bits come as float32, which holds each of them exactly. */
export type TypedArrayOf = {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
  bfloat16: Float32Array;
  float16: Float32Array;
  int64: BigInt64Array;
};
export type AnyTypedArray = TypedArrayOf[NumberDType];
/** A typed array that a tensor is made from or that holds its bytes: `Uint16Array` has the bits of a 16-bit float. */
export type StoredArray = AnyTypedArray | BigInt64Array | Uint16Array;

const CONSTRUCTORS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  bfloat16: Float32Array,
  float16: Float32Array,
  int64: BigInt64Array,
} as const;

const CODES = Object.fromEntries(DTYPES.map((dtype, code) => [dtype, code])) as Record<DType, number>;
const BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
  bfloat16: 2,
  float16: 2,
  int64: 8,
};

export const dtypeCode = (dtype: DType): number => CODES[dtype];
export const bytesPerElement = (dtype: DType): number => BYTES[dtype];
export const isHalf = (dtype: DType): dtype is HalfDType => dtype === 'bfloat16' || dtype === 'float16';
export const isFloat = (dtype: DType): dtype is FloatDType =>
  dtype === 'float32' || dtype === 'float64' || isHalf(dtype);
/** Whether JavaScript counts its elements as numbers: all but int64. */
export const isNumber = (dtype: DType): dtype is NumberDType => dtype !== 'int64';

/** A zeroed typed array for `size` elements of `dtype`, of the kind that `data()` returns. */
export function allocate<D extends DType>(dtype: D, size: number): TypedArrayOf[D] {
  return new CONSTRUCTORS[dtype](size) as unknown as TypedArrayOf[D];
}

/** A zeroed typed array with the bytes of `size` elements of `dtype`: `Uint16Array` for floats of 16 bits. */
export function allocateStored(dtype: DType, size: number): StoredArray {
  return isHalf(dtype) ? new Uint16Array(size) : new CONSTRUCTORS[dtype](size);
}

/** The typed array that reads these bytes as they are stored. */
export function storedOver(dtype: DType, bytes: ArrayBuffer): StoredArray {
  return isHalf(dtype) ? new Uint16Array(bytes) : new CONSTRUCTORS[dtype](bytes);
}

const HELD: ReadonlyMap<string, DType> = new Map([
  ['[object Float32Array]', 'float32'],
  ['[object Float64Array]', 'float64'],
  ['[object Int32Array]', 'int32'],
  ['[object Uint8Array]', 'uint8'],
  ['[object Float16Array]', 'float16'],
  ['[object BigInt64Array]', 'int64'],
]);

/** The dtype that a typed array holds, or undefined for the kinds we do not take. */
export function dtypeOfArray(array: ArrayBufferView): DType | undefined {
  return HELD.get(Object.prototype.toString.call(array));
}

/** Throws unless the name is one of ours. */
export function checkDType(where: string, dtype: string): asserts dtype is DType {
  if (!(DTYPES as readonly string[]).includes(dtype)) {
    throw new DTypeError(`${where}: dtype must be one of ${DTYPES.join(', ')}, got '${dtype}'`);
  }
}
