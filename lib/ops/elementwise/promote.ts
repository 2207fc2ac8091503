import { PalimpsestError } from '../../errors';
import { bytesPerElement, checkDType, type DType, isFloat, isHalf } from '../../graph/dtype';

/**
 * The dtype in which two tensors meet, as JAX has it: bool gives way to integers and integers to floats of any width;
 * of two integers the wider one, of two floats the wider one, and float32 for bfloat16 with float16.
 *
 * @example
 * promoteTypes('int32', 'bfloat16');                            // 'bfloat16'
 */
export function promoteTypes(a: DType, b: DType): DType {
  checkDType('promoteTypes', a);
  checkDType('promoteTypes', b);
  if (kindOf(a) !== kindOf(b)) return kindOf(a) > kindOf(b) ? a : b;
  if (a !== b && isHalf(a) && isHalf(b)) return 'float32';
  return bytesPerElement(a) >= bytesPerElement(b) ? a : b;
}

const kindOf = (dtype: DType): number => (dtype === 'bool' ? 0 : isFloat(dtype) ? 2 : 1);

const RANGES: Partial<Record<DType, readonly [low: number, high: number]>> = {
  bool: [0, 1],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** The whole numbers that an integer dtype holds and JavaScript counts. */
export const integerRange = (dtype: DType): readonly [low: number, high: number] =>
  RANGES[dtype] ?? [-Infinity, Infinity];

/**
 * The dtype in which a tensor meets a plain number, which gives way: a whole number takes the tensor's dtype (int32 beside
 * bool), any other that of a float tensor or float32.
 * @throws PalimpsestError ERR_VALUE for a whole number that the integer dtype does not hold.
 */
export function promoteNumber(where: string, dtype: DType, value: number): DType {
  if (isFloat(dtype)) return dtype;
  if (!Number.isInteger(value)) return 'float32';
  const met = dtype === 'bool' ? 'int32' : dtype;
  const [low, high] = integerRange(met);
  if (value < low || value > high) {
    throw new PalimpsestError('ERR_VALUE', `${where}: ${value} is not an ${met}; cast the tensor first`);
  }
  return met;
}
