import { DTypeError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { cast } from './elementwise/arithmetic';

/**
 * Indices as kernels read them, in int32. int64 ones that do not fit become the nearest that does: outside every axis as
 * they were before, so reading the result raises ERR_INDEX.
 *
 * @throws DTypeError for other dtypes; `what` says what the indices are.
 */
export function asIndices(where: string, indices: Tensor, what = 'indices'): Tensor {
  if (indices.dtype === 'int32') return indices;
  if (indices.dtype === 'int64') return cast(indices, 'int32');
  throw new DTypeError(`${where}: int32 or int64 ${what} expected, got ${indices.dtype}`);
}
