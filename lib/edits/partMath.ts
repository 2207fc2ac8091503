import type { DType } from '../graph/dtype';
import { sizeOf } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { add, cast, mul, zeros } from '../ops/elementwise/arithmetic';
import { scatterSet } from '../ops/indexing/put';
import { take } from '../ops/indexing/take';
import { matmul } from '../ops/products/matmul';
import { broadcastTo, sum } from '../ops/reduce/sum';
import { concat } from '../ops/shape/concat';
import { flatten, reshape } from '../ops/shape/reshape';
import { transpose } from '../ops/shape/transpose';
import { densePart, type LowRankPart, type MaskedPart, type Part, type SlicesPart } from './part';

// What parts compute, each lazily. Sums over a whole part are float64, whatever it holds.

/** The change as a tensor of the parameter's shape. */
export function materialized(part: Part): Tensor {
  switch (part.kind) {
    case 'dense':
      return part.values;
    case 'masked':
    case 'slices':
      return addedTo(zeros(part.shape, part.values.dtype), part);
    case 'lowRank':
      return reshape(matmul(part.left, part.right), part.shape);
  }
}

/** `theta + change`, in the dtype of theta; what the part does not touch keeps its bits. */
export function addedTo(theta: Tensor, part: Part): Tensor {
  const { dtype } = theta;
  switch (part.kind) {
    case 'dense':
    case 'lowRank':
      return add(theta, cast(materialized(part), dtype));
    case 'masked':
    case 'slices':
      // Placed, not added to everything: -0 + 0 would be 0.
      return placed(theta, part, add(touched(theta, part), cast(part.values, dtype)));
  }
}

/** The entries of a tensor of the parameter's shape that the part touches, laid out as its values are. */
export function touched(theta: Tensor, part: Part): Tensor {
  switch (part.kind) {
    case 'dense':
    case 'lowRank':
      return theta;
    case 'masked':
      return take(flatten(theta), part.indices);
    case 'slices':
      return take(theta, part.indices, { axis: part.axis });
  }
}

/** The tensor with other values at the entries that the part touches. */
export function placed(theta: Tensor, part: MaskedPart | SlicesPart, values: Tensor): Tensor {
  if (part.kind === 'masked') return reshape(scatterSet(flatten(theta), part.indices, values), theta.shape);
  const { axis, indices } = part;
  const around = theta.shape.map((own, i) => (i < axis ? own : i === axis ? indices.size : 1));
  const alone = around.map((own, i) => (i === axis ? own : 1));
  return scatterSet(theta, broadcastTo(reshape(indices, alone), around), values, { axis });
}

/** `factor` times the change. */
export function scaled(part: Part, factor: number): Part {
  return part.kind === 'lowRank'
    ? { ...part, right: mul(part.right, factor) }
    : { ...part, values: mul(part.values, factor) };
}

export function castPart(part: Part, dtype: DType): Part {
  return part.kind === 'lowRank'
    ? { ...part, left: cast(part.left, dtype), right: cast(part.right, dtype) }
    : { ...part, values: cast(part.values, dtype) };
}

/** `<A, B>` of two changes of one parameter; of low-rank ones `sum((L1^T L2) o (R1 R2^T))`, never the full matrices. */
export function inner(a: Part, b: Part): Tensor {
  if (a.kind === 'lowRank' && b.kind === 'lowRank') {
    const [x, y] = [wide(a), wide(b)];
    return sum(mul(matmul(transpose(x.left), y.left), matmul(x.right, transpose(y.right))));
  }
  if (b.kind === 'lowRank' || b.kind === 'dense') {
    const values = a.kind === 'lowRank' ? materialized(wide(a)) : cast(valuesOf(a), 'float64');
    return sum(mul(values, cast(touched(materialized(b), a), 'float64')));
  }
  return inner(b, densePart(materialized(a)));
}

const wide = (part: LowRankPart): LowRankPart => castPart(part, 'float64') as LowRankPart;
const valuesOf = (part: Exclude<Part, LowRankPart>): Tensor => part.values;

/** How many entries the part touches. */
export function touchedCount(part: Part): number {
  return part.kind === 'masked' || part.kind === 'slices' ? part.values.size : sizeOf(part.shape);
}

/** `L1 R1 + L2 R2 = [L1 L2] [R1; R2]`. */
export const stackedRanks = (a: LowRankPart, b: LowRankPart): LowRankPart => ({
  ...a,
  left: concat([a.left, b.left], { axis: 1 }),
  right: concat([a.right, b.right], { axis: 0 }),
});
