import { DTypeError, ShapeError } from '../errors';
import { isFloat } from '../graph/dtype';
import { formatShape, sameShape, type Shape } from '../graph/shape';
import type { Spec } from '../graph/tensor';

/** Throws unless all tensors have one dtype, a float. */
export function checkFloats(where: string, ...specs: readonly Spec[]): void {
  const [first, ...others] = specs;
  if (!first) return;
  if (!isFloat(first.dtype)) {
    throw new DTypeError(`${where}: floats expected, got ${first.dtype}`);
  }
  for (const { dtype } of others) {
    if (dtype !== first.dtype) {
      throw new DTypeError(`${where}: inputs must have one dtype, got ${first.dtype} and ${dtype}; use cast`);
    }
  }
}

/** Throws unless a tensor has so many axes; `layout` says which. */
export function checkRank(where: string, { shape }: Spec, rank: number, layout: string): void {
  if (shape.length !== rank)
    throw new ShapeError(`${where}: ${layout} expected, got shape ${formatShape(shape)}`);
}

/** Throws unless a tensor has this very shape. */
export function checkSame(where: string, what: string, { shape }: Spec, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new ShapeError(
    `${where}: ${what} of shape ${formatShape(expected)} expected, got ${formatShape(shape)}`,
  );
}
