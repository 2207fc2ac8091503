import type { Tensor } from '../../lib/graph/tensor';
import { sameShape, sizeOf, type Shape } from '../../lib/graph/shape';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { sigmoid } from '../../lib/ops/elementwise/math';
import { broadcastTo } from '../../lib/ops/reduce/sum';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import { at, build, type NdArray } from '../support/array';
import type { Random } from './random';

/** A way to look at a value, on both sides. */
export interface View {
  readonly text: string;
  readonly shape: Shape;
  readonly run: (x: Tensor) => Tensor;
  readonly reference: (x: NdArray) => NdArray;
}

const reshaped = (shape: Shape): View => ({
  text: `reshape[${shape.join()}]`,
  shape,
  run: (x) => reshape(x, shape),
  reference: ({ data }) => ({ shape, data }),
});

const permuted = (from: Shape, permutation: readonly number[]): View => ({
  text: `transpose[${permutation.join()}]`,
  shape: permutation.map((axis) => from[axis]!),
  run: (x) => transpose(x, permutation),
  reference: (x) =>
    build(
      permutation.map((axis) => x.shape[axis]!),
      (index) => at(x, ...x.shape.map((_, axis) => index[permutation.indexOf(axis)]!)),
    ),
});

/** `count` elements of one axis, from `start` on in steps. */
function sliced(from: Shape, axis: number, start: number, step: number, count: number): View {
  const shape = from.map((extent, i) => (i === axis ? count : extent));
  const before = Array<undefined>(axis).fill(undefined);
  const last = start + count * step;
  return {
    text: `slice[${axis}: ${start}, ${step}, ${count}]`,
    shape,
    run: (x) =>
      slice(x, {
        starts: [...before, count === 0 ? 0 : start],
        stops: [...before, count === 0 ? 0 : last < 0 ? undefined : last],
        steps: [...before, count === 0 ? 1 : step],
      }),
    reference: (x) =>
      build(shape, (index) => at(x, ...index.map((i, a) => (a === axis ? start + i * step : i)))),
  };
}

const repeated = (count: number, length: number): View => ({
  text: `broadcastTo[${count}, ${length}]`,
  shape: [count, length],
  run: (x) => broadcastTo(x, [count, length]),
  reference: ({ data }) => build([count, length], ([, i]) => data[i!]!),
});

/** Some views that lead from one shape to another; null when there is nothing to make elements from. */
export function viewsBetween(random: Random, from: Shape, to: Shape): View[] | null {
  const views: View[] = [];
  const shapeNow = (): Shape => views.at(-1)?.shape ?? from;
  const keepsShape = sameShape(from, to) && random.chance(0.7);
  if (keepsShape) return views;
  if (from.length > 1 && random.chance(0.5)) views.push(permuted(from, random.order(from.length)));
  const axis = random.below(Math.max(1, shapeNow().length));
  const extent = shapeNow()[axis] ?? 0;
  if (extent > 0 && random.chance(0.5)) views.push(oneSlice(random, shapeNow(), axis, extent));
  if (sameShape(shapeNow(), to)) return views;
  const [have, need] = [sizeOf(shapeNow()), sizeOf(to)];
  if (have === 0 && need > 0) return null;
  if (shapeNow().length !== 1) views.push(reshaped([have]));
  if (have < need) {
    const times = Math.ceil(need / have);
    views.push(reshaped([1, have]), repeated(times, have), reshaped([times * have]));
  }
  const length = shapeNow()[0]!;
  if (length > need) views.push(sliced([length], 0, random.below(length - need + 1), 1, need));
  if (!sameShape(shapeNow(), to)) views.push(reshaped(to));
  return views;
}

function oneSlice(random: Random, shape: Shape, axis: number, extent: number): View {
  const step = random.pick([1, 1, 2, -1, -2]);
  const start = random.below(extent);
  const reach = step > 0 ? extent - 1 - start : start;
  return sliced(shape, axis, start, step, 1 + random.below(Math.floor(reach / Math.abs(step)) + 1));
}

/** Brings any number into a range, smoothly: `low + (high - low) (0.05 + 0.9 sigmoid(x))`. */
export function squashed(shape: Shape, low: number, high: number): View {
  const [scale, shift] = [0.9 * (high - low), low + 0.05 * (high - low)];
  return {
    text: `squash[${low}, ${high}]`,
    shape,
    run: (x) => add(mul(sigmoid(x), scale), shift),
    reference: ({ data }) => ({ shape, data: data.map((x) => scale / (1 + Math.exp(-x)) + shift) }),
  };
}
