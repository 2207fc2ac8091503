import { ShapeError } from '../../errors';
import { checkNumbers, checkTensors } from '../../graph/call';
import { moved } from '../../graph/exampleAxis';
import { movesData } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { extent, formatShape, normalizeAxis } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { withAttributes } from '../batchAxes';

/** The axes in a new order: axis `i` of the result is axis `permutation[i]` of the tensor. */
export type Permutation = readonly number[];

const inverse = (permutation: Permutation): number[] =>
  permutation.map((_, axis) => permutation.indexOf(axis));

export const transposeOp = defineOp<{ permutation: Permutation }>('transpose', {
  infer: ([x], { permutation }) => ({
    shape: permutation.map((axis) => extent(x.shape, axis)),
    dtype: x.dtype,
  }),
  lower: { kernel: 'transpose', takesHalves: true, attributes: ({ permutation }) => permutation },
  flops: movesData,
  linearity: 'linear',
  vjp: ([g], _inputs, _outputs, { permutation }) => [transpose(g, inverse(permutation))],
  batch: withAttributes(({ permutation }) => ({ permutation: [0, ...permutation.map((axis) => axis + 1)] })),
  example: {
    axis: ({ first, attributes: { permutation } }) => moved(first, permutation.indexOf(first.axis)),
    // (sum_t l_t r_t^T)^T = sum_t r_t l_t^T; other permutations of more axes keep no factors.
    through: ({ site, attributes: { permutation }, inputs: [x] }) => {
      if (site.kind === 'dense') {
        const order = [0, ...inverse(permutation).map((axis) => axis + 1)];
        return { kind: 'dense', values: transpose(site.values, order) };
      }
      const isMatrix = site.kind === 'product' && x.shape.length === 2;
      return isMatrix ? { kind: 'product', left: site.right, right: site.left, shape: x.shape } : null;
    },
  },
});

/**
 * Axes in another order: `y.shape[i] = x.shape[permutation[i]]`. Without a permutation the last two axes change places.
 * @throws ShapeError unless the permutation names every axis once.
 */
export function transpose(x: Tensor, permutation?: Permutation): Tensor {
  checkTensors('transpose', { x });
  if (permutation !== undefined) checkNumbers('transpose', 'permutation', permutation, false);
  const rank = x.shape.length;
  if (!permutation && rank < 2)
    throw new ShapeError(`transpose: two axes expected, got ${formatShape(x.shape)}`);
  const axes = permutation ?? [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const normal = axes.map((axis) => normalizeAxis('transpose', axis, rank));
  if (normal.length !== rank || new Set(normal).size !== rank) {
    throw new ShapeError(`transpose: [${axes.join(', ')}] is not a permutation of ${rank} axes`);
  }
  return normal.every((axis, i) => axis === i) ? x : single(transposeOp([x], { permutation: normal }));
}

/** Moves one axis to another position, the others keep their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  checkTensors('moveAxis', { x });
  const source = normalizeAxis('moveAxis', from, x.shape.length);
  const target = normalizeAxis('moveAxis', to, x.shape.length);
  const order = [...x.shape.keys()].filter((axis) => axis !== source);
  order.splice(target, 0, source);
  return transpose(x, order);
}
