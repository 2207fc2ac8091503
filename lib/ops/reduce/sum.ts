import { ShapeError } from '../../errors';
import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { moved } from '../../graph/exampleAxis';
import { movesData, perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import {
  broadcastShapes,
  checkShape,
  extent,
  formatShape,
  normalizeAxes,
  sameShape,
  type Shape,
} from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { examplesFirst } from '../examplesFirst';
import { reshape } from '../shape/reshape';
import { withAttributes, behindBatch } from '../batchAxes';

// sum and broadcastTo are each other's transposed map, so they share a file.

const sumOp = defineOp<{ axes: readonly number[] }>('sum', {
  infer: ([x], { axes }) => ({
    shape: x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)),
    dtype: x.dtype,
  }),
  lower: { kernel: 'sum', attributes: ({ axes }) => axes },
  flops: perInput(1),
  linearity: 'linear',
  vjp: ([g], [x]) => [broadcastTo(g, x.shape)],
  batch: withAttributes(behindBatch),
  example: {
    axis: ({ first, attributes: { axes }, mixes }) =>
      axes.includes(first.axis) ? mixes('it sums over the example axis') : first,
    through: ({ site, inputs: [x] }) => {
      if (site.kind !== 'dense') return null;
      return { kind: 'dense', values: broadcastTo(site.values, [extent(site.values.shape, 0), ...x.shape]) };
    },
  },
});

export interface ReduceOptions {
  /** Axes to reduce; all by default. */
  readonly axis?: number | readonly number[];
  /** Keep the reduced axes with extent 1. Default false. */
  readonly keepDims?: boolean;
}

export const REDUCE_OPTIONS: Kinds<ReduceOptions> = { axis: 'numbers', keepDims: 'boolean' };

/** The shape without the reduced axes. */
export const withoutAxes = (shape: Shape, axes: readonly number[]): Shape =>
  shape.filter((_, i) => !axes.includes(i));

/**
 * The sum over some axes (all by default); pairwise, in an order that does not depend on the number of threads. bool and uint8
 * give int32, and int32 wraps around.
 */
export function sum(numbers: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors('sum', { numbers });
  checkKinds('sum', options, REDUCE_OPTIONS);
  const { axis, keepDims = false } = options;
  const x = numbers.dtype === 'bool' || numbers.dtype === 'uint8' ? whole(numbers) : numbers;
  const axes = normalizeAxes('sum', axis, x.shape.length);
  const reduced = axes.length === 0 ? x : single(sumOp([x], { axes }));
  return keepDims ? reduced : reshape(reduced, withoutAxes(x.shape, axes));
}

/** Set by arithmetic.ts, which needs this file: bool and uint8 as int32. */
let whole: (x: Tensor) => Tensor;
export const setWhole = (toInt32: typeof whole): void => void (whole = toInt32);

/** Axes of `target` along which a tensor of shape `from` is repeated. */
function repeatedAxes(from: Shape, target: Shape): number[] {
  const repeated: number[] = [];
  for (let axis = 0; axis < target.length; axis++) {
    const own = from[axis - target.length + from.length];
    if (own === undefined || (own === 1 && target[axis] !== 1)) repeated.push(axis);
  }
  return repeated;
}

export const broadcastToOp = defineOp<{ shape: Shape }>('broadcastTo', {
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  lower: { kernel: 'broadcast', takesHalves: true },
  flops: movesData,
  linearity: 'linear',
  vjp: ([g], [x]) => [sumTo(g, x.shape)],
  batch: ({ inputs: [x], attributes: { shape }, count, apply }) =>
    apply(
      [reshape(x, [count, ...Array<number>(shape.length - x.shape.length + 1).fill(1), ...x.shape.slice(1)])],
      { shape: [count, ...shape] },
    ),
  example: {
    axis: ({ first, inputs: [x], attributes: { shape } }) =>
      moved(first, first.axis + shape.length - x.shape.length),
    // Here the shared tensor is repeated for every example (the frontier puts the axis on the output).
    site: ({ cotangents: [g], inputs: [x], outputAxis }) => {
      return { kind: 'dense', values: sumToExamples(examplesFirst(g, outputAxis), x.shape) };
    },
    through: ({ site, inputs: [x] }) =>
      site.kind === 'dense' ? { kind: 'dense', values: sumToExamples(site.values, x.shape) } : null,
  },
});

/** Repeats a tensor along axes of extent 1 and new leading axes. @throws ShapeError when the shapes do not broadcast. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkTensors('broadcastTo', { x });
  checkShape('broadcastTo', shape);
  if (!sameShape(broadcastShapes('broadcastTo', [x.shape, shape]), shape)) {
    throw new ShapeError(`broadcastTo: ${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`);
  }
  return sameShape(x.shape, shape) ? x : single(broadcastToOp([x], { shape: [...shape] }));
}

/** Sums a tensor down to a shape that broadcasts to its own: the transposed map of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  checkTensors('sumTo', { x });
  checkNumbers('sumTo', 'shape', shape, false);
  if (sameShape(x.shape, shape)) return x;
  return reshape(sum(x, { axis: repeatedAxes(shape, x.shape), keepDims: true }), shape);
}

/**
 * Sums per-example cotangents of a broadcast tensor, [N, ...shape of the result], down to [N, ...shape] of the tensor
 * itself. `values` has as many axes after the first as the result of the broadcast.
 */
export function sumToExamples(values: Tensor, shape: Shape): Tensor {
  const examples = extent(values.shape, 0);
  const ones = Array<number>(values.shape.length - 1 - shape.length).fill(1);
  return reshape(sumTo(values, [examples, ...ones, ...shape]), [examples, ...shape]);
}
