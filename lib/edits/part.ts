import { DTypeError, PalimpsestError, ShapeError, unexpected } from '../errors';
import { isFloat } from '../graph/dtype';
import { checkTensors } from '../graph/call';
import { checkShape, extent, formatShape, sizeOf, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';

/** A change of every entry: `values` has the parameter's shape. */
export interface DensePart {
  readonly kind: 'dense';
  readonly shape: Shape;
  readonly values: Tensor;
}

/** A change of single entries: `values[i]` at the row-major position `indices[i]`; ascending, each once. */
export interface MaskedPart {
  readonly kind: 'masked';
  readonly shape: Shape;
  readonly indices: Tensor;
  readonly values: Tensor;
}

/** A change of whole slices of one axis: rows are those of axis 0, columns those of axis 1. Ascending, each once. */
export interface SlicesPart {
  readonly kind: 'slices';
  readonly shape: Shape;
  readonly axis: number;
  readonly indices: Tensor;
  /** The parameter's shape with as many slices at `axis` as there are indices. */
  readonly values: Tensor;
}

/** The product `left right` of [out, k] and [k, in]; a parameter [out, ...] with more axes is read as [out, in]. */
export interface LowRankPart {
  readonly kind: 'lowRank';
  readonly shape: Shape;
  readonly left: Tensor;
  readonly right: Tensor;
}

/** What is added to one parameter. */
export type Part = DensePart | MaskedPart | SlicesPart | LowRankPart;

/**
 * `theta + values`, a value for every entry of the parameter.
 * @throws PalimpsestError ERR_ARGUMENT for what is no tensor.
 */
export function densePart(values: Tensor): DensePart {
  checkTensors('densePart', { values });
  return { kind: 'dense', shape: values.shape, values };
}

/**
 * `theta[i] + values[k]` at the row-major positions `i = indices[k]` of a parameter of this shape, ascending, each once.
 *
 * @example
 * const part = maskedPart([10, 4], tensor(Int32Array.of(3, 17)), tensor([0.5, -0.5]));
 * @throws ShapeError unless there is one index per value; DTypeError for indices that are not int32.
 */
export function maskedPart(shape: Shape, indices: Tensor, values: Tensor): MaskedPart {
  checkTensors('maskedPart', { indices, values });
  checkShape('maskedPart', shape);
  checkIndices('maskedPart', indices, values.shape.length === 1 ? values.size : -1, values);
  return { kind: 'masked', shape, indices, values };
}

/**
 * `theta + values` in the slices `indices` of one axis, ascending, each once; `values` has as many slices there.
 * @throws ShapeError unless `values` is of the parameter's shape but for the number of slices; DTypeError for indices that are
 *   not int32.
 */
export function slicesPart(shape: Shape, axis: number, indices: Tensor, values: Tensor): SlicesPart {
  checkTensors('slicesPart', { indices, values });
  checkShape('slicesPart', shape);
  const others = (of: Shape): Shape => of.filter((_, i) => i !== axis);
  if (formatShape(others(shape)) !== formatShape(others(values.shape)) || !(axis in shape)) {
    throw new ShapeError(
      `slicesPart: slices of axis ${axis} of ${formatShape(shape)} expected, got ${formatShape(values.shape)}`,
    );
  }
  checkIndices('slicesPart', indices, extent(values.shape, axis), values);
  return { kind: 'slices', shape, axis, indices, values };
}

/** A change of rows, the slices of axis 0: see `slicesPart`. */
export const rowsPart = (shape: Shape, indices: Tensor, values: Tensor): SlicesPart =>
  slicesPart(shape, 0, indices, values);
/** A change of columns, the slices of axis 1: see `slicesPart`. */
export const columnsPart = (shape: Shape, indices: Tensor, values: Tensor): SlicesPart =>
  slicesPart(shape, 1, indices, values);

/**
 * `left right` for a parameter [out, in].
 * @throws ShapeError unless left is [out, k] and right [k, in].
 */
export function lowRankPart(left: Tensor, right: Tensor, shape?: Shape): LowRankPart {
  checkTensors('lowRankPart', { left, right });
  if (shape !== undefined) checkShape('lowRankPart', shape);
  const [out = 0, rank = 0] = left.shape;
  const [rankRight = 0, columns = 0] = right.shape;
  const whole = shape ?? [out, columns];
  const fits =
    left.shape.length === 2 &&
    right.shape.length === 2 &&
    rank === rankRight &&
    whole[0] === out &&
    sizeOf(whole.slice(1)) === columns;
  if (!fits) {
    throw new ShapeError(
      `lowRankPart: factors [out, k] and [k, in] of ${formatShape(whole)} expected, got ${formatShape(left.shape)} and ` +
        formatShape(right.shape),
    );
  }
  return { kind: 'lowRank', shape: whole, left, right };
}

/** The tensors that a part holds, by their place in it. */
export function tensorsOfPart(part: Part): Readonly<Record<string, Tensor>> {
  switch (part.kind) {
    case 'dense':
      return { values: part.values };
    case 'masked':
    case 'slices':
      return { indices: part.indices, values: part.values };
    case 'lowRank':
      return { left: part.left, right: part.right };
  }
}

const KINDS: readonly unknown[] = ['dense', 'masked', 'slices', 'lowRank'] satisfies Part['kind'][];

/** @throws DTypeError unless what is added is of floats; PalimpsestError ERR_ARGUMENT for what is no part. */
export function checkPart(name: string, part: Part): void {
  const given: unknown = part;
  if (typeof given !== 'object' || given === null || !('kind' in given) || !KINDS.includes(given.kind)) {
    throw unexpected(
      `WeightDelta: '${name}'`,
      'a part as densePart, maskedPart, rowsPart, columnsPart or lowRankPart make them',
      given,
    );
  }
  checkTensors(`WeightDelta: '${name}'`, tensorsOfPart(part));
  const { indices: _, ...factors } = tensorsOfPart(part);
  for (const [which, { dtype }] of Object.entries(factors)) {
    if (!isFloat(dtype))
      throw new DTypeError(`WeightDelta: '${name}': ${which} of floats expected, got ${dtype}`);
  }
}

function checkIndices(where: string, indices: Tensor, count: number, values: Tensor): void {
  if (indices.dtype !== 'int32')
    throw new DTypeError(`${where}: int32 indices expected, got ${indices.dtype}`);
  if (indices.shape.length !== 1 || indices.size !== count) {
    throw new ShapeError(
      `${where}: one index per value expected, got indices ${formatShape(indices.shape)} and values ` +
        formatShape(values.shape),
    );
  }
}

/**
 * Checks the numbers of the indices, which only evaluation tells.
 * @throws PalimpsestError ERR_INDEX unless they ascend strictly inside the parameter.
 */
export async function checkOrder(name: string, part: MaskedPart | SlicesPart): Promise<void> {
  const limit = part.kind === 'masked' ? sizeOf(part.shape) : extent(part.shape, part.axis);
  let previous = -1;
  for (const index of await part.indices.data<'int32'>()) {
    if (index <= previous || index >= limit) {
      throw new PalimpsestError(
        'ERR_INDEX',
        `WeightDelta: '${name}': indices must ascend below ${limit}, got ${index} after ${previous}`,
      );
    }
    previous = index;
  }
}
