import { DTypeError, ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { moved, sameExampleAxis, type ExampleAxis } from '../../graph/exampleAxis';
import {
  defineOp,
  single,
  type AxisUse,
  type GatherSite,
  type Op,
  type SiteUse,
  type Site,
  type ThroughUse,
} from '../../graph/op';
import { broadcastShapes, extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add } from '../elementwise/arithmetic';
import { ofRank } from '../batching';
import { examplesFirst } from '../examplesFirst';
import { take } from '../indexing/take';
import { expandDims, reshape } from '../shape/reshape';
import { broadcastTo, sumTo } from '../reduce/sum';
import { moveAxis, transpose, transposeOp } from '../shape/transpose';

/** Whether an operand is stored with its last two axes exchanged. */
interface Orientation {
  readonly transA: boolean;
  readonly transB: boolean;
}

const matrixAxes = (shape: Shape, transposed: boolean): [rows: number, columns: number] =>
  transposed ? [extent(shape, -1), extent(shape, -2)] : [extent(shape, -2), extent(shape, -1)];

const matmulOp = defineOp<Orientation>('matmul', {
  infer: ([a, b], { transA, transB }) => {
    const [rows, depth] = matrixAxes(a.shape, transA);
    const [depthB, columns] = matrixAxes(b.shape, transB);
    if (depth !== depthB) {
      throw new ShapeError(
        `matmul: the columns of a and the rows of b must agree, got ${formatShape(a.shape)}${transA ? '^T' : ''} and ` +
          `${formatShape(b.shape)}${transB ? '^T' : ''}`,
      );
    }
    const batch = broadcastShapes('matmul', [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
    return { shape: [...batch, rows, columns], dtype: a.dtype };
  },
  lower: {
    kernel: 'matmul',
    takesHalves: 'sides',
    attributes: ({ transA, transB }) => [Number(transA), Number(transB)],
    views: ({ transA }, [a, b], [y]) => canonicalShapes(a, b, y, transA),
  },
  flops: ([a], [y], { transA }) => 2 * sizeOf(y.shape) * extent(a.shape, transA ? -2 : -1),
  linearity: 'multilinear',
  // Y = A B: dA = G B^T, dB = A^T G; batch axes that were repeated are summed.
  vjp: ([g], [a, b], _outputs, { transA, transB }, [wantA, wantB]) => [
    wantA ? sumTo(transA ? product(b, g, transB, true) : product(g, b, false, !transB), a.shape) : null,
    wantB ? returnedToRight(g, a, b, { transA, transB }) : null,
  ],
  // Leading axes broadcast: the batch has to stand before as many axes as the result has.
  batch: ({ inputs: [a, b], batched, outputs: [y], attributes }) => {
    const rank = y.shape.length;
    return [matmulOf(batched[0] ? ofRank(a, rank) : a, batched[1] ? ofRank(b, rank) : b, attributes)];
  },
  example: {
    axis: exampleAxisOfProduct,
    site: productSite,
    through: productThrough,
  },
});

const product = (a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor =>
  matmulOf(a, b, { transA, transB });

/**
 * dB = A^T G. A matrix that all of the batch share sums over the batch too: with the rows of all members in one, that is
 * one product with a longer inner extent, and no product per member is written or added up.
 */
function returnedToRight(g: Tensor, a: Tensor, b: Tensor, { transA, transB }: Orientation): Tensor {
  const isShared = sizeOf(b.shape.slice(0, -2)) === 1 && sizeOf(a.shape.slice(0, -2)) > 1;
  if (isShared && !transA) {
    const [rowsOfA, rowsOfG] = [inOneMatrix(a), inOneMatrix(g)];
    const sum = transB ? product(rowsOfG, rowsOfA, true, false) : product(rowsOfA, rowsOfG, true, false);
    return reshape(sum, b.shape);
  }
  return sumTo(transB ? product(g, a, true, transA) : product(a, g, !transA, false), b.shape);
}

const inOneMatrix = (x: Tensor): Tensor => reshape(x, [sizeOf(x.shape.slice(0, -1)), extent(x.shape, -1)]);

/** Applies the op after taking a transposition of the last two axes into its flags: the packer reads either way. */
function matmulOf(left: Tensor, right: Tensor, { transA, transB }: Orientation): Tensor {
  const batch = broadcastShapes('matmul', [left.shape.slice(0, -2), right.shape.slice(0, -2)]);
  const [a, b] = [withBatch(left, batch), withBatch(right, batch)];
  const plainA = beforeTransposition(a);
  const plainB = beforeTransposition(b);
  return single(
    matmulOp([plainA ?? a, plainB ?? b], {
      transA: plainA ? !transA : transA,
      transB: plainB ? !transB : transB,
    }),
  );
}

/** The kernel repeats an operand for the whole batch or not at all; what lies between is repeated beforehand. */
function withBatch(x: Tensor, batch: Shape): Tensor {
  const own = sizeOf(x.shape.slice(0, -2));
  return own === 1 || own === sizeOf(batch) ? x : broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
}

/** What a transposition of the last two axes was applied to. */
export function beforeTransposition(x: Tensor): Tensor | undefined {
  if (x.node?.op !== (transposeOp as unknown as Op)) return undefined;
  const { permutation } = x.node.attributes as { permutation: readonly number[] };
  const rank = permutation.length;
  const lastTwo = permutation.every(
    (axis, i) => axis === (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2),
  );
  return rank >= 2 && lastTwo ? x.node.inputs[0] : undefined;
}

/** The kernel's view: at most one batch axis per operand, and none where the rows can take it. */
function canonicalShapes(a: Spec, b: Spec, y: Spec, transA: boolean): { inputs: Shape[]; outputs: Shape[] } {
  const [batchA, batchB] = [a, b].map((operand) => sizeOf(operand.shape.slice(0, -2))) as [number, number];
  const last = (spec: Spec): Shape => spec.shape.slice(-2);
  if (batchB === 1 && !transA && batchA > 1) {
    const merged = (spec: Spec): Shape => [1, batchA * extent(spec.shape, -2), extent(spec.shape, -1)];
    return { inputs: [merged(a), [1, ...last(b)]], outputs: [merged(y)] };
  }
  return {
    inputs: [
      [batchA, ...last(a)],
      [batchB, ...last(b)],
    ],
    outputs: [[sizeOf(y.shape.slice(0, -2)), ...last(y)]],
  };
}

function exampleAxisOfProduct({
  axes,
  inputs,
  outputs: [y],
  attributes,
  mixes,
}: AxisUse<Orientation>): ExampleAxis {
  const rank = y.shape.length;
  const flags = [attributes.transA, attributes.transB];
  const places = axes.slice(0, 2).flatMap((axis, which) => {
    if (!axis) return [];
    const shape = inputs[which]?.shape ?? [];
    const fromEnd = shape.length - axis.axis;
    if (fromEnd > 2) return [moved(axis, rank - fromEnd)];
    // Axis 2 from the end holds the rows, unless the operand is transposed; a keeps its rows, b its columns.
    const isRow = (fromEnd === 2) !== flags[which];
    if (isRow !== (which === 0)) return mixes('it sums over the example axis');
    return [moved(axis, which === 0 ? rank - 2 : rank - 1)];
  });
  const [first, second] = places;
  if (!first || (second && !sameExampleAxis(first, second)))
    return mixes('it pairs every example with every other');
  const meets = ({ shape }: Spec, which: number): boolean =>
    !axes[which] && first.axis < rank - 2 && (shape[first.axis - rank + shape.length] ?? 1) !== 1;
  if (inputs.slice(0, 2).some(meets))
    return mixes('one of its inputs has an entry per example, but no examples');
  return first;
}

/** The factors of the per-example gradient of a weight: rows of the other operand, rows of the cotangent. */
function productSite({
  which,
  inputs,
  cotangents: [g],
  inputAxes,
  outputAxis,
  attributes,
}: SiteUse<Orientation>): Site {
  const shared = inputs[which];
  const other = inputs[1 - which];
  const otherAxis = inputAxes[1 - which];
  if (!shared || !other || !otherAxis)
    throw new ShapeError('matmul: a site needs a shared and a per-example operand');
  const { transA, transB } = attributes;
  if (sizeOf(shared.shape.slice(0, -2)) !== 1)
    return denseSite(which, shared, other, otherAxis, g, outputAxis, attributes);
  const shape = shared.shape;
  // Which axis of the other operand and of the cotangent is shared with the weight, the rest being examples and t.
  const depthAxis = which === 0 ? (transB ? -1 : -2) : transA ? -2 : -1;
  const entering = factor(other, otherAxis, depthAxis);
  const returning = factor(g, outputAxis, which === 0 ? -2 : -1);
  // The weight is [depth, out] when it is an untransposed b or a transposed a, and [out, depth] otherwise.
  const depthFirst = which === 0 ? transA : !transB;
  return depthFirst
    ? { kind: 'product', left: entering, right: returning, shape }
    : { kind: 'product', left: returning, right: entering, shape };
}

/** [examples, t, features]: everything but the example axis and the feature axis becomes t. */
function factor(x: Tensor, axis: ExampleAxis, featureAxis: number): Tensor {
  const split = examplesFirst(moveAxis(x, featureAxis, -1), axisAfterMove(x, axis, featureAxis));
  return reshape(split, [axis.count, sizeOf(split.shape.slice(1, -1)), extent(split.shape, -1)]);
}

function axisAfterMove(x: Tensor, axis: ExampleAxis, featureAxis: number): ExampleAxis {
  const feature = featureAxis + x.shape.length;
  return moved(axis, axis.axis > feature ? axis.axis - 1 : axis.axis);
}

/** A weight with batch axes of its own: its per-example gradient is one small product per example. */
function denseSite(
  which: number,
  shared: Tensor,
  other: Tensor,
  otherAxis: ExampleAxis,
  g: Tensor,
  outputAxis: ExampleAxis,
  { transA, transB }: Orientation,
): Site {
  const rank = g.shape.length;
  const padded = reshape(other, [...Array<number>(rank - other.shape.length).fill(1), ...other.shape]);
  const x = examplesFirst(padded, moved(otherAxis, otherAxis.axis + rank - other.shape.length));
  const cotangent = examplesFirst(g, outputAxis);
  const full =
    which === 0
      ? transA
        ? product(x, cotangent, transB, true)
        : product(cotangent, x, false, !transB)
      : transB
        ? product(cotangent, x, true, transA)
        : product(x, cotangent, !transA, false);
  const ones = Array<number>(rank - shared.shape.length).fill(1);
  const summed = sumTo(full, [outputAxis.count, ...ones, ...shared.shape]);
  return { kind: 'dense', values: reshape(summed, [outputAxis.count, ...shared.shape]) };
}

/** S = A B of shared matrices: dA = dS B^T and dB = A^T dS keep the factors of dS. */
function productThrough({ which, site, inputs: [a, b], attributes }: ThroughUse<Orientation>): Site | null {
  const { transA, transB } = attributes;
  if (a.shape.length !== 2 || b.shape.length !== 2) return null;
  if (site.kind === 'dense') {
    const { values } = site;
    const dA = (): Tensor => (transA ? product(b, values, transB, true) : product(values, b, false, !transB));
    const dB = (): Tensor => (transB ? product(values, a, true, transA) : product(a, values, !transA, false));
    return { kind: 'dense', values: which === 0 ? dA() : dB() };
  }
  if (site.shape.length !== 2) return null;
  if (site.kind === 'gather') return gatherThrough(which, site, a, b, attributes);
  // A reshape may have put the border between the factors elsewhere.
  if (site.kind !== 'product' || extent(site.left.shape, 2) !== site.shape[0]) return null;
  // dS = l^T r: dA = l^T (r B^T), dB = (l A)^T r.
  const [left, right] =
    which === 0
      ? [site.left, product(site.right, b, false, !transB)]
      : [product(site.left, a, false, transA), site.right];
  const flipped = which === 0 ? transA : transB;
  const shape = which === 0 ? a.shape : b.shape;
  return flipped
    ? { kind: 'product', left: right, right: left, shape }
    : { kind: 'product', left, right, shape };
}

/** S = A B of which examples pick rows: rows of A get back rows of g B^T, and dB is a product with the rows picked of A. */
function gatherThrough(
  which: number,
  site: GatherSite,
  a: Tensor,
  b: Tensor,
  { transA, transB }: Orientation,
): Site | null {
  if (site.rows !== site.shape[0]) return null;
  if (which === 0) {
    const cotangents = product(site.cotangents, b, false, !transB);
    return transA ? null : { ...site, cotangents, shape: a.shape };
  }
  const picked = take(transA ? transpose(a) : a, site.indices);
  return transB
    ? { kind: 'product', left: site.cotangents, right: picked, shape: b.shape }
    : { kind: 'product', left: picked, right: site.cotangents, shape: b.shape };
}

/**
 * Matrix product over the last two axes, `y[..., m, n] = sum_k a[..., m, k] b[..., k, n]`; leading axes broadcast. An operand
 * with one axis is a row on the left and a column on the right, as in NumPy, and its other axis is not in the result.
 * A transposed operand costs nothing: it is read the other way.
 *
 * @throws ShapeError when an operand has no axes or the inner extents differ; DTypeError for other dtypes than float32 and
 *   float64, or two different ones.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensors('matmul', { a, b });
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(
      `matmul: one axis or more expected, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  if (a.dtype !== b.dtype || !isFloat(a.dtype)) {
    throw new DTypeError(`matmul: two tensors of one float dtype expected, got ${a.dtype} and ${b.dtype}`);
  }
  const [row, column] = [a.shape.length === 1, b.shape.length === 1];
  if (!row && !column) return product(a, b, false, false);
  const y = product(row ? expandDims(a, 0) : a, column ? expandDims(b, 1) : b, false, false);
  const batch = y.shape.slice(0, -2);
  return reshape(y, [
    ...batch,
    ...(row ? [] : [extent(y.shape, -2)]),
    ...(column ? [] : [extent(y.shape, -1)]),
  ]);
}

/** `x W^T + b` for a weight [out, in], the layout of PyTorch's linear layers. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  checkTensors('linear', bias === undefined ? { x, weight } : { x, weight, bias });
  const y = matmul(x, transpose(weight));
  return bias ? add(y, bias) : y;
}
