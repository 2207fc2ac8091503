import { DTypeError } from '../../errors';
import type { Spec } from '../../graph/tensor';

/** Throws unless all tensors have one dtype, which is a number. */
export function checkOneDType(where: string, specs: readonly Spec[]): void {
  const [first, ...others] = specs;
  if (!first) return;
  if (first.dtype === 'bool' || first.dtype === 'uint8')
    throw new DTypeError(`${where}: floats, int32 or int64 expected, got ${first.dtype}; cast it first`);
  const other = others.find(({ dtype }) => dtype !== first.dtype);
  if (other)
    throw new DTypeError(`${where}: one dtype expected, got ${first.dtype} and ${other.dtype}; use cast`);
}
