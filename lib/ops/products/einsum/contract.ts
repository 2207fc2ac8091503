import { isFloat } from '../../../graph/dtype';
import { extent, sizeOf } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { mul } from '../../elementwise/arithmetic';
import { sum } from '../../reduce/sum';
import { diagonal } from '../../shape/diagonal';
import { reshape } from '../../shape/reshape';
import { transpose } from '../../shape/transpose';
import { matmul } from '../matmul';
import type { Label, Labeled } from './labels';

const isSame = (a: readonly Label[], b: readonly Label[]): boolean =>
  a.length === b.length && a.every((label, i) => label === b[i]);

/** The tensor with its axes in another order. */
export function inOrder({ tensor, labels }: Labeled, order: readonly Label[]): Tensor {
  if (isSame(labels, order)) return tensor;
  return transpose(
    tensor,
    order.map((label) => labels.indexOf(label)),
  );
}

/** An operand with every name once: axes of one name become their diagonal, and axes that were stretched are left out. */
export function plain(operand: Labeled, sizes: ReadonlyMap<Label, number>): Labeled {
  const { tensor, labels } = operand;
  const stretched = labels.findIndex((label, axis) => tensor.shape[axis] === 1 && sizes.get(label) !== 1);
  if (stretched >= 0) {
    const without = <T>(list: readonly T[]): T[] => list.filter((_, axis) => axis !== stretched);
    return plain({ tensor: reshape(tensor, without(tensor.shape)), labels: without(labels) }, sizes);
  }
  const twice = labels.find((label, axis) => labels.indexOf(label) !== axis);
  if (twice === undefined) return operand;
  const axes = [...labels.keys()];
  const [first, second] = axes.filter((axis) => labels[axis] === twice);
  const rest = axes.filter((axis) => axis !== first && axis !== second);
  const paired = transpose(tensor, [...rest, first ?? 0, second ?? 0]);
  return plain(
    { tensor: diagonal(paired), labels: [...rest.map((axis) => labels[axis] ?? ''), twice] },
    sizes,
  );
}

/** Sums over the axes that are not kept. */
export function reduced({ tensor, labels }: Labeled, kept: (label: Label) => boolean): Labeled {
  const axes = [...labels.keys()].filter((axis) => !kept(labels[axis] ?? ''));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: sum(tensor, { axis: axes }), labels: labels.filter(kept) };
}

/** How the axes of two operands meet. */
interface Groups {
  /** In both, and kept. */
  readonly batch: readonly Label[];
  /** In both, and summed. */
  readonly depth: readonly Label[];
  readonly left: readonly Label[];
  readonly right: readonly Label[];
}

function groupsOf(a: Labeled, b: Labeled, kept: (label: Label) => boolean): Groups {
  // The larger operand stays as it lies; the axes of the other follow its order.
  const [lead, other] = a.tensor.size >= b.tensor.size ? [a, b] : [b, a];
  const shared = lead.labels.filter((label) => other.labels.includes(label));
  return {
    batch: shared.filter(kept),
    depth: shared.filter((label) => !kept(label)),
    left: a.labels.filter((label) => !shared.includes(label)),
    right: b.labels.filter((label) => !shared.includes(label)),
  };
}

/**
 * Two operands with names once each as one: a matrix product, batched over the names that both keep, or a product element by
 * element when nothing is summed. Names that neither `kept` nor the other operand has must be summed beforehand.
 */
export function contractPair(a: Labeled, b: Labeled, kept: (label: Label) => boolean): Labeled {
  const groups = groupsOf(a, b, kept);
  const { batch, depth, left, right } = groups;
  const sizeIn = ({ tensor, labels }: Labeled, group: readonly Label[]): number =>
    sizeOf(group.map((label) => extent(tensor.shape, labels.indexOf(label))));
  const isThin = sizeIn(a, left) === 1 && sizeIn(b, right) === 1;
  if (depth.length === 0 || isThin || !isFloat(a.tensor.dtype)) return multiplied(a, b, groups);
  const [batches, rows, columns, deep] = [
    sizeIn(a, batch),
    sizeIn(a, left),
    sizeIn(b, right),
    sizeIn(a, depth),
  ];
  const lead = batch.length > 0 ? [batches] : [];
  const product = matmul(
    asMatrices(a, batch, left, depth, [...lead, rows, deep]),
    asMatrices(b, batch, depth, right, [...lead, deep, columns]),
  );
  const labels = [...batch, ...left, ...right];
  const shape = labels.map((label) => {
    const of = a.labels.includes(label) ? a : b;
    return extent(of.tensor.shape, of.labels.indexOf(label));
  });
  return { tensor: reshape(product, shape), labels };
}

/** Matrices [batch, rows, columns]; where they are stored the other way round the product reads them so. */
function asMatrices(
  operand: Labeled,
  batch: readonly Label[],
  rows: readonly Label[],
  columns: readonly Label[],
  shape: readonly number[],
): Tensor {
  const turned = [...batch, ...columns, ...rows];
  const isTurned = isSame(operand.labels, turned) && !isSame(operand.labels, [...batch, ...rows, ...columns]);
  if (!isTurned) return reshape(inOrder(operand, [...batch, ...rows, ...columns]), shape);
  const lead = shape.slice(0, -2);
  return transpose(reshape(operand.tensor, [...lead, extent(shape, -1), extent(shape, -2)]));
}

/** A product element by element, and the sum over what is not kept. */
function multiplied(a: Labeled, b: Labeled, { batch, depth, left, right }: Groups): Labeled {
  const order = [...batch, ...left, ...right, ...depth];
  const spread = (operand: Labeled): Tensor => {
    const own = order.filter((label) => operand.labels.includes(label));
    const lined = inOrder(operand, own);
    return reshape(
      lined,
      order.map((label) => (own.includes(label) ? extent(lined.shape, own.indexOf(label)) : 1)),
    );
  };
  return reduced({ tensor: mul(spread(a), spread(b)), labels: order }, (label) => !depth.includes(label));
}
