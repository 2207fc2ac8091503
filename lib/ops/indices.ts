import { DTypeError, ShapeError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { cast } from './elementwise/arithmetic';

/** Axes up to here have indices in int32, and one number left that is outside of all of them. */
export const LONGEST_INDEXED = 2 ** 31 - 1;

/** @throws ShapeError for an axis whose places int32 cannot tell apart. */
export function checkIndexed(where: string, extent: number): void {
  if (extent > LONGEST_INDEXED) {
    throw new ShapeError(
      `${where}: indices are int32 numbers, too few for an axis of ${extent} elements; slice or reshape it first`,
    );
  }
}

/**
 * Indices as kernels read them, in int32. int64 ones that do not fit become the nearest that does: outside of an axis of
 * `extent` elements as they were before, so reading the result raises ERR_INDEX.
 *
 * @throws DTypeError for other dtypes; `what` says what the indices are. ShapeError for int64 indices of a longer axis, where
 *   the nearest could be inside.
 */
export function asIndices(where: string, indices: Tensor, extent: number, what = 'indices'): Tensor {
  if (indices.dtype === 'int32') return indices;
  if (indices.dtype !== 'int64')
    throw new DTypeError(`${where}: int32 or int64 ${what} expected, got ${indices.dtype}`);
  checkIndexed(where, extent);
  return cast(indices, 'int32');
}
