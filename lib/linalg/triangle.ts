import { extent, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { equal, greater, greaterEqual, lessEqual, mul, zeros } from '../ops/elementwise/arithmetic';
import { less, cast } from '../ops/elementwise/arithmetic';
import { where } from '../ops/elementwise/math';
import { iota } from '../ops/indexing/iota';
import { reshape } from '../ops/shape/reshape';
import { sum } from '../ops/reduce/sum';

const rowsOf = (shape: Shape): Tensor => {
  const m = extent(shape, -2);
  return reshape(iota(m), [m, 1]);
};
const columnsOf = (shape: Shape): Tensor => iota(extent(shape, -1));

const kept = (mask: Tensor, x: Tensor): Tensor => where(mask, x, zeros([], x.dtype));

/** The entries on and below the diagonal, or with `strict` those below; zeros elsewhere. */
export const lowerPart = (x: Tensor, { strict = false } = {}): Tensor =>
  kept((strict ? greater : greaterEqual)(rowsOf(x.shape), columnsOf(x.shape)), x);

/** The entries on and above the diagonal, or with `strict` those above; zeros elsewhere. */
export const upperPart = (x: Tensor, { strict = false } = {}): Tensor =>
  kept((strict ? less : lessEqual)(rowsOf(x.shape), columnsOf(x.shape)), x);

/** The entries below the diagonal, and half of those on it. */
export const halvedLowerPart = (x: Tensor): Tensor =>
  kept(
    greaterEqual(rowsOf(x.shape), columnsOf(x.shape)),
    where(equal(rowsOf(x.shape), columnsOf(x.shape)), mul(x, 0.5), x),
  );

/** The identity matrix of `n` rows. */
export const identityMatrix = (n: number, dtype: Tensor['dtype']): Tensor =>
  cast(equal(rowsOf([n, n]), columnsOf([n, n])), dtype);

/** The diagonals [..., n] of matrices [..., n, n]. */
export const diagonalOf = (x: Tensor): Tensor =>
  sum(kept(equal(rowsOf(x.shape), columnsOf(x.shape)), x), { axis: -1 });

/** The matrices [..., n, n] with these diagonals [..., n]. */
export function diagonalMatrix(x: Tensor): Tensor {
  const n = extent(x.shape, -1);
  const row = reshape(x, [...x.shape.slice(0, -1), 1, n]);
  return kept(equal(rowsOf([n, n]), columnsOf([n, n])), row);
}
