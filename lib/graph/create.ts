import { DTypeError, PalimpsestError, ShapeError } from '../errors';
import { native } from '../native';
import { allocate, checkDType, dtypeOfArray, type AnyTypedArray, type DType } from './dtype';
import { checkShape, formatShape, sizeOf, type Shape } from './shape';
import { Storage, Tensor } from './tensor';

/** Numbers in nested arrays of equal lengths. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

export interface TensorOptions {
  /** Default: the nesting of the values, or one axis for a typed array. */
  readonly shape?: Shape;
  /** Default: what the typed array holds, `float32` for numbers, `bool` for booleans. */
  readonly dtype?: DType;
}

/**
 * A tensor with a copy of the given values, in row-major order.
 *
 * @example
 * tensor([[1, 2], [3, 4]]);                                    // float32 [2, 2]
 * tensor(new Uint8Array(784), { shape: [28, 28] });            // uint8
 * @throws ShapeError when lengths disagree with the shape; DTypeError when a typed array holds another dtype;
 *   PalimpsestError ERR_VALUE for a number that an integer dtype cannot hold.
 */
export function tensor(values: NestedNumbers | AnyTypedArray, options: TensorOptions = {}): Tensor {
  const { shape, elements, dtype } = ArrayBuffer.isView(values)
    ? fromTypedArray(values, options)
    : fromNested(values, options);
  checkShape('tensor', shape);
  if (sizeOf(shape) !== elements.length) {
    throw new ShapeError(
      `tensor: shape ${formatShape(shape)} needs ${sizeOf(shape)} values, got ${elements.length}`,
    );
  }
  return new Tensor({ shape, dtype }, { storage: new Storage(native.createBuffer(elements)) });
}

interface Elements {
  readonly shape: Shape;
  readonly elements: AnyTypedArray;
  readonly dtype: DType;
}

function fromTypedArray(values: AnyTypedArray, options: TensorOptions): Elements {
  const held = dtypeOfArray(values);
  if (!held) {
    throw new DTypeError(
      `tensor: expected Float32Array, Float64Array, Int32Array or Uint8Array, got ${values.constructor.name}`,
    );
  }
  const dtype = options.dtype ?? held;
  if (dtype !== held && !(dtype === 'bool' && held === 'uint8')) {
    throw new DTypeError(`tensor: the array holds ${held}, the option says ${dtype}; use cast to convert`);
  }
  if (dtype === 'bool' && values.some((value) => value > 1)) {
    throw new PalimpsestError('ERR_VALUE', 'tensor: bool bytes must be 0 or 1');
  }
  return { shape: options.shape ?? [values.length], elements: values, dtype };
}

function fromNested(values: NestedNumbers, options: TensorOptions): Elements {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0] as NestedNumbers) shape.push(level.length);
  const flat: (number | boolean)[] = [];
  const visit = (item: NestedNumbers, depth: number): void => {
    if (typeof item === 'number' || typeof item === 'boolean') {
      if (depth !== shape.length) throw new ShapeError('tensor: nested arrays have different depths');
      flat.push(item);
      return;
    }
    if (item.length !== shape[depth]) {
      throw new ShapeError(
        `tensor: nested arrays have lengths ${shape[depth]} and ${item.length} at depth ${depth}`,
      );
    }
    for (const inner of item) visit(inner, depth + 1);
  };
  visit(values, 0);
  const dtype =
    options.dtype ?? (flat.length > 0 && flat.every((v) => typeof v === 'boolean') ? 'bool' : 'float32');
  checkDType('tensor', dtype);
  const elements = allocate(dtype, flat.length);
  flat.forEach((value, i) => {
    const number = Number(value);
    elements[i] = number;
    const exact = dtype === 'float32' || dtype === 'float64' || elements[i] === number;
    if (!exact || (dtype === 'bool' && number > 1)) {
      throw new PalimpsestError('ERR_VALUE', `tensor: ${number} is not a ${dtype}`);
    }
  });
  return { shape: options.shape ?? shape, elements, dtype };
}
