import { ShapeError } from '../../errors';
import { checkNumbers, checkTensors } from '../../graph/call';
import { reshapedAxis } from '../../graph/exampleAxis';
import { defineOp, single } from '../../graph/op';
import {
  checkShape,
  extent,
  formatShape,
  normalizeAxis,
  sameShape,
  sizeOf,
  type Shape,
} from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { withAttributes } from '../batchAxes';

const reshapeOp = defineOp<{ shape: Shape }>('reshape', {
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  lower: 'alias',
  linearity: 'linear',
  vjp: ([g], [x]) => [reshape(g, x.shape)],
  batch: withAttributes(({ shape }, count) => ({ shape: [count, ...shape] })),
  example: {
    axis: ({ first, inputs: [x], attributes: { shape }, mixes }) =>
      reshapedAxis(first, x.shape, shape) ??
      mixes(`${formatShape(x.shape)} -> ${formatShape(shape)} cuts across the example axis`),
    through: ({ site, inputs: [x] }) => {
      if (site.kind === 'dense')
        return { kind: 'dense', values: reshape(site.values, [extent(site.values.shape, 0), ...x.shape]) };
      // The shape of a convolution's weight says what its kernel is.
      return site.kind === 'convolution' ? null : { ...site, shape: x.shape };
    },
  },
});

/**
 * The same elements in row-major order under another shape; one extent may be -1 and is worked out. Costs nothing.
 * @throws ShapeError when the sizes differ.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensors('reshape', { x });
  checkNumbers('reshape', 'shape', shape, false);
  const target = withInferredExtent(x, shape);
  checkShape('reshape', target);
  if (sizeOf(target) !== x.size) {
    throw new ShapeError(
      `reshape: ${formatShape(x.shape)} has ${x.size} elements, ${formatShape(shape)} does not`,
    );
  }
  return sameShape(target, x.shape) ? x : single(reshapeOp([x], { shape: [...target] }));
}

function withInferredExtent(x: Tensor, shape: Shape): Shape {
  const unknown = shape.indexOf(-1);
  if (unknown < 0) return shape;
  const rest = sizeOf(shape.filter((_, axis) => axis !== unknown));
  const missing = x.size / rest;
  if (!Number.isInteger(missing)) {
    throw new ShapeError(`reshape: ${formatShape(x.shape)} does not divide into ${formatShape(shape)}`);
  }
  return shape.map((own, axis) => (axis === unknown ? missing : own));
}

/** Merges the axes from `from` to `to` (inclusive) into one. */
export function flatten(x: Tensor, from = 0, to = -1): Tensor {
  checkTensors('flatten', { x });
  if (x.shape.length === 0) return reshape(x, [1]);
  const first = normalizeAxis('flatten', from, x.shape.length);
  const last = normalizeAxis('flatten', to, x.shape.length);
  const merged = sizeOf(x.shape.slice(first, last + 1));
  return reshape(x, [...x.shape.slice(0, first), merged, ...x.shape.slice(last + 1)]);
}

/** Inserts an axis of extent 1 before `axis`; negative positions count from the end of the result. */
export function expandDims(x: Tensor, axis: number): Tensor {
  checkTensors('expandDims', { x });
  const at = normalizeAxis('expandDims', axis, x.shape.length + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}
