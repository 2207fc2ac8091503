import { bytesPerElement, type DType } from '../dtype';
import { sameShape, sizeOf, type Shape } from '../shape';

/** A block of bytes in a program: written once, then read under one shape or several. */
export interface Block {
  readonly bytes: number;
  /** The number of the program's input or output that it is, or -1. */
  readonly input: number;
  output: number;
}

/** A block, or a stretch of one, read or written as a tensor. */
export interface Value {
  readonly block: Block;
  /** The byte of the block that it begins with. */
  readonly offset: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Tells what has passed a barrier from what has not; 0 for what has passed none. */
  readonly passed: number;
}

export const bytesOf = ({ shape, dtype }: Pick<Value, 'shape' | 'dtype'>): number =>
  sizeOf(shape) * bytesPerElement(dtype);

/** Whether a value is all of its block. */
export const isWhole = (value: Value): boolean => value.offset === 0 && bytesOf(value) === value.block.bytes;

/** Whether two values are the same elements read in the same way. */
export const sameValue = (a: Value, b: Value): boolean =>
  a.block === b.block && a.offset === b.offset && a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** A value in a block of its own. */
export const newValue = (shape: Shape, dtype: DType): Value => ({
  block: { bytes: bytesOf({ shape, dtype }), input: -1, output: -1 },
  offset: 0,
  shape,
  dtype,
  passed: 0,
});
