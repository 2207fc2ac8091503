import { DTypeError, ShapeError } from '../errors';
import { tensor } from '../graph/create';
import { extent, formatShape, sameShape, sizeOf, type Shape } from '../graph/shape';
import type { RunOptions, Tensor } from '../graph/tensor';
import { add, zeros } from '../ops/elementwise/arithmetic';
import { densePart, type LowRankPart, type MaskedPart, type Part, type SlicesPart } from './part';
import { addedTo, materialized, stackedRanks } from './partMath';

/**
 * The sum of two changes of one parameter, kept in the smaller form where both have one: entries and slices as their union,
 * low ranks side by side while their factors are smaller than the matrix.
 *
 * @throws ShapeError or DTypeError when they are of two kinds of parameter.
 */
export async function sumOfParts(name: string, a: Part, b: Part, run: RunOptions = {}): Promise<Part> {
  checkSameParameter(name, a, b);
  if (a.kind === 'lowRank' && b.kind === 'lowRank' && factorsPay(a, b)) return stackedRanks(a, b);
  if (a.kind === 'masked' && b.kind === 'masked') return await union(a, b, run);
  if (a.kind === 'slices' && b.kind === 'slices' && a.axis === b.axis) return await union(a, b, run);
  if (a.kind === 'dense' || a.kind === 'lowRank') return densePart(addedTo(materialized(a), b));
  return b.kind === 'dense' || b.kind === 'lowRank'
    ? densePart(addedTo(materialized(b), a))
    : densePart(add(materialized(a), materialized(b)));
}

function factorsPay(a: LowRankPart, b: LowRankPart): boolean {
  const rank = extent(a.left.shape, 1) + extent(b.left.shape, 1);
  return rank * (extent(a.left.shape, 0) + extent(a.right.shape, 1)) < sizeOf(a.shape);
}

/** Two sets of entries, or of slices of one axis, as one: values at common places are added. */
async function union<P extends MaskedPart | SlicesPart>(a: P, b: P, run: RunOptions): Promise<P> {
  const [first, second] = [await a.indices.data<'int32'>(run), await b.indices.data<'int32'>(run)];
  const indices = Int32Array.from(new Set([...first, ...second])).sort();
  const place = new Map([...indices].map((index, i) => [index, i]));
  const places = (from: Int32Array): Tensor => tensor(from.map((index) => place.get(index) ?? 0));
  const axis = a.kind === 'masked' ? 0 : a.axis;
  const shape: Shape = a.values.shape.map((own, i) => (i === axis ? indices.length : own));
  const inUnion = (part: P, own: Int32Array): Part => ({ ...part, shape, indices: places(own) });
  const empty = zeros(shape, a.values.dtype);
  const values = addedTo(addedTo(empty, inUnion(a, first)), inUnion(b, second));
  return { ...a, indices: tensor(indices), values };
}

export function checkSameParameter(name: string, a: Part, b: Part): void {
  if (!sameShape(a.shape, b.shape)) {
    throw new ShapeError(
      `WeightDelta: '${name}' has shape ${formatShape(a.shape)} in one change and ${formatShape(b.shape)} in the other`,
    );
  }
  const [x, y] = [dtypeOf(a), dtypeOf(b)];
  if (x !== y)
    throw new DTypeError(`WeightDelta: '${name}' is ${x} in one change and ${y} in the other; use cast`);
}

const dtypeOf = (part: Part): string => (part.kind === 'lowRank' ? part.left.dtype : part.values.dtype);
