import { PalimpsestError, ShapeError } from '../../errors';
import { defineOp, single } from '../../graph/op';
import { extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { asIndices } from '../indices';

interface Extents {
  /** What each coordinate must stay below. */
  readonly extents: Shape;
  /** By how much each coordinate counts. */
  readonly strides: readonly number[];
}

const flatIndexOp = defineOp<Extents>('flatIndex', {
  infer: ([indices]) => ({ shape: indices.shape.slice(0, -1), dtype: 'int32' }),
  lower: {
    kernel: 'flatIndex',
    attributes: ({ extents, strides }) => extents.flatMap((own, k) => [own, extent(strides, k)]),
    views: ({ extents }, _inputs, [y]) => ({
      inputs: [[sizeOf(y.shape), extents.length]],
      outputs: [[sizeOf(y.shape)]],
    }),
  },
  constant: true,
  example: {
    axis: ({ first, inputs: [indices], mixes }) =>
      first.axis === indices.shape.length - 1 ? mixes('it adds coordinates of different examples') : first,
  },
});

/** From one entry to the next along every axis of a row-major tensor. */
export const stridesOf = (shape: Shape): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/**
 * Coordinates as numbers of elements: `y[...] = sum_k indices[..., k] strides[k]` for int32 indices [..., k], in row-major
 * order of `extents` unless told otherwise. Reading it raises ERR_INDEX for a coordinate outside [0, extents[k]).
 *
 * @throws ShapeError when the last axis is not one coordinate per extent; PalimpsestError ERR_SIZE when the numbers do not
 *   fit int32.
 */
export function flatIndex(
  where: string,
  coordinates: Tensor,
  extents: Shape,
  strides: readonly number[] = stridesOf(extents),
): Tensor {
  const indices = asIndices(where, coordinates, Math.max(0, ...extents));
  if (indices.shape.at(-1) !== extents.length) {
    throw new ShapeError(
      `${where}: ${extents.length} coordinates on the last axis expected, got ${formatShape(indices.shape)}`,
    );
  }
  const largest = extents.reduce((sum, own, k) => sum + (own - 1) * extent(strides, k), 0);
  if (largest >= 2 ** 31)
    throw new PalimpsestError('ERR_SIZE', `${where}: more than 2^31 places in ${formatShape(extents)}`);
  return single(flatIndexOp([indices], { extents: [...extents], strides: [...strides] }));
}
