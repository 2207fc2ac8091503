import { ShapeError } from '../errors';
import { formatShape, sameShape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';

/** Throws unless the tensors agree in number, shape and dtype. */
export function checkLike(
  where: string,
  what: string,
  expected: readonly Tensor[],
  got: readonly Tensor[],
): void {
  if (!areLike(expected, got, 0)) refuse(where, what, expected, got, '');
}

/**
 * How many times over the tensors are given, stacked on a leading axis of one extent; null for once, without that axis.
 * @throws ShapeError when they are neither.
 */
export function stackedCount(
  where: string,
  what: string,
  expected: readonly Tensor[],
  got: readonly Tensor[],
): number | null {
  if (areLike(expected, got, 0)) return null;
  const count = got[0]?.shape[0];
  if (count === undefined || !areLike(expected, got, 1) || got.some(({ shape }) => shape[0] !== count)) {
    refuse(where, what, expected, got, ', each with one leading axis more for several,');
  }
  return count;
}

/** Whether the tensors are those expected, but for so many leading axes. */
const areLike = (expected: readonly Tensor[], got: readonly Tensor[], leading: number): boolean =>
  expected.length === got.length &&
  expected.every(({ shape, dtype }, i) => {
    const other = got[i];
    if (other?.dtype !== dtype) return false;
    return sameShape(shape, leading === 0 ? other.shape : other.shape.slice(leading));
  });

function refuse(
  where: string,
  what: string,
  expected: readonly Tensor[],
  got: readonly Tensor[],
  or: string,
): never {
  const describe = (tensors: readonly Tensor[]): string =>
    tensors.map((t) => `${t.dtype} ${formatShape(t.shape)}`).join(', ');
  throw new ShapeError(`${where}: ${what} of ${describe(expected)}${or} expected, got ${describe(got)}`);
}
