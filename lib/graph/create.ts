import { checkOptions, describe, DTypeError, isList, PalimpsestError, ShapeError } from '../errors';
import { native } from '../native';
import {
  allocate,
  checkDType,
  dtypeOfArray,
  isFloat,
  isHalf,
  isNumber,
  type DType,
  type NumberDType,
  type StoredArray,
} from './dtype';
import { toHalfBits } from './halves/halfBits';
import { checkShape, formatShape, sizeOf, type Shape } from './shape';
import { Storage, Tensor } from './tensor';

/** Numbers in nested arrays of equal lengths; bigints for int64. */
export type NestedNumbers = NumberLike | readonly NestedNumbers[];
/** What an element can be given as: bigints for int64. */
export type NumberLike = number | boolean | bigint;

export interface TensorOptions {
  /** Default: the nesting of the values, or one axis for a typed array. */
  readonly shape?: Shape;
  /** Default: what the typed array holds, `float32` for numbers, `bool` for booleans, `int64` for bigints. */
  readonly dtype?: DType;
}

/**
 * A tensor with a copy of the given values, in row-major order. A `Float32Array` becomes bfloat16 or float16 when the
 * option says so, each number rounded to the nearest; a `Uint16Array` is taken as their bits.
 *
 * @example
 * tensor([[1, 2], [3, 4]]);                                    // float32 [2, 2]
 * tensor(new Uint8Array(784), { shape: [28, 28] });            // uint8
 * tensor(new Float32Array(784), { dtype: 'bfloat16' });        // bfloat16
 * @throws ShapeError when lengths disagree with the shape; DTypeError when a typed array holds another dtype;
 *   PalimpsestError ERR_VALUE for a number that an integer dtype cannot hold.
 */
export function tensor(values: NestedNumbers | StoredArray, options: TensorOptions = {}): Tensor {
  checkTensorOptions('tensor', options);
  const { shape, elements, dtype } = ArrayBuffer.isView(values)
    ? fromTypedArray('tensor', values, options)
    : fromNested(values, options);
  checkShape('tensor', shape);
  if (sizeOf(shape) !== elements.length) {
    throw new ShapeError(
      `tensor: shape ${formatShape(shape)} needs ${sizeOf(shape)} values, got ${elements.length}`,
    );
  }
  return new Tensor({ shape, dtype }, { storage: new Storage(native.createBuffer(elements)) });
}

/** @throws OptionError and DTypeError for what are no options of a tensor. */
export function checkTensorOptions(where: string, options: TensorOptions): void {
  checkOptions(where, options, ['shape', 'dtype']);
  if (options.dtype !== undefined) checkDType(where, options.dtype);
  if (options.shape !== undefined) checkShape(where, options.shape);
}

interface Elements {
  readonly shape: Shape;
  readonly elements: StoredArray;
  readonly dtype: DType;
}

function fromTypedArray(where: string, values: StoredArray, options: TensorOptions): Elements {
  const dtype = storedDType(where, values, options.dtype);
  const isRounded = isHalf(dtype) && dtypeOfArray(values) === 'float32';
  const elements = isRounded ? toHalfBits(dtype, values as Float32Array) : values;
  return { shape: options.shape ?? [values.length], elements, dtype };
}

/**
 * The dtype of what a typed array holds, when the option agrees with it.
 * @throws DTypeError when it does not; PalimpsestError ERR_VALUE for a bool that is neither 0 nor 1.
 */
export function storedDType(where: string, values: StoredArray, wanted: DType | undefined): DType {
  const held = dtypeOfArray(values);
  if (wanted !== undefined) checkDType(where, wanted);
  if (Object.prototype.toString.call(values) === '[object Uint16Array]') {
    if (wanted !== undefined && isHalf(wanted)) return wanted;
    throw new DTypeError(
      `${where}: a Uint16Array holds the bits of bfloat16 or float16: the option dtype must say which`,
    );
  }
  if (!held) {
    throw new DTypeError(
      `${where}: expected Float32Array, Float64Array, Int32Array, Uint8Array, BigInt64Array, or Uint16Array with bits, ` +
        `got ${values.constructor.name}`,
    );
  }
  const dtype = wanted ?? held;
  const agrees =
    dtype === held || (dtype === 'bool' && held === 'uint8') || (isHalf(dtype) && held === 'float32');
  if (!agrees) {
    throw new DTypeError(`${where}: the array holds ${held}, the option says ${dtype}; use cast to convert`);
  }
  if (dtype === 'bool' && (values as Uint8Array).some((value) => value > 1)) {
    throw new PalimpsestError('ERR_VALUE', `${where}: bool bytes must be 0 or 1`);
  }
  return dtype;
}

function fromNested(values: NestedNumbers, options: TensorOptions): Elements {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0] as NestedNumbers) shape.push(level.length);
  const flat: NumberLike[] = [];
  const visit = (item: NestedNumbers, depth: number): void => {
    if (typeof item === 'number' || typeof item === 'boolean' || typeof item === 'bigint') {
      if (depth !== shape.length) throw new ShapeError('tensor: nested arrays have different depths');
      flat.push(item);
      return;
    }
    if (!isList(item)) {
      throw new PalimpsestError(
        'ERR_VALUE',
        `tensor: numbers in nested arrays expected, got ${describe(item)}`,
      );
    }
    if (item.length !== shape[depth]) {
      throw new ShapeError(
        `tensor: nested arrays have lengths ${shape[depth]} and ${item.length} at depth ${depth}`,
      );
    }
    for (const inner of item) visit(inner, depth + 1);
  };
  visit(values, 0);
  const dtype = options.dtype ?? dtypeOfScalars(flat);
  checkDType('tensor', dtype);
  return { shape: options.shape ?? shape, elements: elementsOf(flat, dtype), dtype };
}

function dtypeOfScalars(flat: readonly NumberLike[]): DType {
  const areAll = (type: string): boolean => flat.length > 0 && flat.every((value) => typeof value === type);
  return areAll('boolean') ? 'bool' : areAll('bigint') ? 'int64' : 'float32';
}

function elementsOf(flat: readonly NumberLike[], dtype: DType): StoredArray {
  if (!isNumber(dtype)) return BigInt64Array.from(flat, (value) => wholeNumber(value, dtype));
  if (isHalf(dtype)) {
    return toHalfBits(
      dtype,
      flat.map((value) => numberOf(value, dtype)),
    );
  }
  const elements = allocate(dtype, flat.length);
  flat.forEach((value, i) => {
    const number = numberOf(value, dtype);
    elements[i] = number;
    const exact = isFloat(dtype) || elements[i] === number;
    if (!exact || (dtype === 'bool' && number > 1)) {
      throw new PalimpsestError('ERR_VALUE', `tensor: ${number} is not a ${dtype}`);
    }
  });
  return elements;
}

function numberOf(value: NumberLike, dtype: NumberDType): number {
  if (typeof value === 'bigint') {
    throw new PalimpsestError('ERR_VALUE', `tensor: the bigint ${value} makes an int64, not a ${dtype}`);
  }
  return Number(value);
}

function wholeNumber(value: NumberLike, dtype: DType): bigint {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) return value;
  } else if (Number.isSafeInteger(Number(value))) {
    return BigInt(value);
  }
  throw new PalimpsestError('ERR_VALUE', `tensor: ${value} is not an ${dtype}; give large ones as bigints`);
}
