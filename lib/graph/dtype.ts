import { DTypeError } from '../errors';

/** Element types. The order is the program format's: native/core/dtype.h lists the same. */
export const DTYPES = ['float32', 'float64', 'int32', 'uint8', 'bool'] as const;

/** `bool` is stored as one byte, 0 or 1. */
export type DType = (typeof DTYPES)[number];
export type FloatDType = 'float32' | 'float64';
/** What `data()` returns for each dtype. */
export type TypedArrayOf = {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
};
export type AnyTypedArray = TypedArrayOf[DType];

const CONSTRUCTORS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

export const dtypeCode = (dtype: DType): number => DTYPES.indexOf(dtype);
export const bytesPerElement = (dtype: DType): number => CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
export const isFloat = (dtype: DType): dtype is FloatDType => dtype === 'float32' || dtype === 'float64';

/** A zeroed typed array for `size` elements of `dtype`. */
export function allocate<D extends DType>(dtype: D, size: number): TypedArrayOf[D] {
  return new CONSTRUCTORS[dtype](size) as TypedArrayOf[D];
}

/** The dtype that a typed array holds, or undefined for the kinds we do not take. */
export function dtypeOfArray(array: ArrayBufferView): DType | undefined {
  const name = Object.prototype.toString.call(array);
  if (name === '[object Float32Array]') return 'float32';
  if (name === '[object Float64Array]') return 'float64';
  if (name === '[object Int32Array]') return 'int32';
  if (name === '[object Uint8Array]') return 'uint8';
  return undefined;
}

/** Throws unless the name is one of ours. */
export function checkDType(where: string, dtype: string): asserts dtype is DType {
  if (!(DTYPES as readonly string[]).includes(dtype)) {
    throw new DTypeError(`${where}: dtype must be one of ${DTYPES.join(', ')}, got '${dtype}'`);
  }
}
