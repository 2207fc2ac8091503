import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { movesData } from '../../graph/flops';
import { defineOp, single, type Site } from '../../graph/op';
import { extent, formatShape, normalizeAxis, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mapFactors } from '../products/factorAxes';
import { withAttributes } from '../batchAxes';

// slice and sliceGrad are each other's transposed map, so they share a file.

/** Per axis where the slice begins, how far apart its elements lie, and how many there are. */
export interface Window {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  /** The slice. */
  readonly part: Shape;
  /** What it is taken from. */
  readonly whole: Shape;
}

const pairs = ({ starts, steps }: Window): number[] =>
  starts.flatMap((start, axis) => [start, extent(steps, axis)]);

/** The window of some axes, behind others that are whole. */
const windowOf = (window: Window, leading: Shape, axes: readonly number[]): Window => {
  const of = (list: readonly number[]): number[] => axes.map((axis) => extent(list, axis));
  return {
    starts: [...leading.map(() => 0), ...of(window.starts)],
    steps: [...leading.map(() => 1), ...of(window.steps)],
    part: [...leading, ...of(window.part)],
    whole: [...leading, ...of(window.whole)],
  };
};

const isWholeAlong = ({ starts, steps, part, whole }: Window, axis: number): boolean =>
  starts[axis] === 0 && steps[axis] === 1 && part[axis] === whole[axis];

/** The first element of a slice whose elements are neighbours in memory; undefined for any other. */
function firstOfRun({ starts, steps, part, whole }: Window): number | undefined {
  if (part.some((own, axis) => own > 1 && steps[axis] !== 1)) return undefined;
  // Behind the first axis with several indices, all axes are whole.
  const outermost = part.findIndex((own) => own !== 1);
  const isRun = part.every((own, axis) => axis <= outermost || outermost < 0 || own === whole[axis]);
  if (!isRun || part.includes(0)) return undefined;
  return starts.reduce((first, start, axis) => first + start * sizeOf(whole.slice(axis + 1)), 0);
}

const sliceOp = defineOp<Window>('slice', {
  infer: ([x], { part }) => ({ shape: part, dtype: x.dtype }),
  lower: { kernel: 'slice', takesHalves: true, attributes: pairs, window: firstOfRun },
  flops: movesData,
  linearity: 'linear',
  vjp: ([g], _inputs, _outputs, window) => [single(sliceGradOp([g], window))],
  batch: withAttributes((window, count) => windowOf(window, [count], [...window.part.keys()])),
  example: {
    axis: ({ first, attributes, mixes }) =>
      isWholeAlong(attributes, first.axis) ? first : mixes('it takes some of the examples and leaves others'),
    through: ({ site, attributes }) => followed(site, attributes, attributes.whole, sliceGradOf),
  },
});

export const sliceGradOp = defineOp<Window>('sliceGrad', {
  infer: ([g], { whole }) => ({ shape: whole, dtype: g.dtype }),
  lower: { kernel: 'sliceGrad', takesHalves: true, attributes: pairs },
  flops: movesData,
  linearity: 'linear',
  vjp: ([h], _inputs, _outputs, window) => [sliceOf(h, window)],
  batch: withAttributes((window, count) => windowOf(window, [count], [...window.part.keys()])),
  example: {
    axis: ({ first, attributes, mixes }) =>
      isWholeAlong(attributes, first.axis) ? first : mixes('it adds rows to the examples'),
    through: ({ site, attributes }) => followed(site, attributes, attributes.part, sliceOf),
  },
});

const sliceOf = (x: Tensor, window: Window): Tensor => single(sliceOp([x], window));
const sliceGradOf = (g: Tensor, window: Window): Tensor => single(sliceGradOp([g], window));

/** A site goes back through the transposed map, which acts on each factor along the factor's axes. */
function followed(
  site: Site,
  window: Window,
  to: Shape,
  apply: (x: Tensor, window: Window) => Tensor,
): Site | null {
  const axes = [...window.starts.keys()];
  if (site.kind === 'dense') {
    const examples = site.values.shape.slice(0, 1);
    return { kind: 'dense', values: apply(site.values, windowOf(window, examples, axes)) };
  }
  if (site.kind !== 'product') return null;
  return mapFactors(site, to, (factor, own) =>
    apply(factor, windowOf(window, factor.shape.slice(0, 2), own)),
  );
}

export interface SliceOptions {
  /** Per leading axis the first index; negative ones count from the end. Default: the first element there is. */
  readonly starts?: readonly (number | undefined)[];
  /** Per leading axis the index to stop before; negative ones count from the end. Default: all that remain. */
  readonly stops?: readonly (number | undefined)[];
  /** Per leading axis from one index to the next, not 0; negative ones go backwards. Default 1. */
  readonly steps?: readonly (number | undefined)[];
}

const SLICE_OPTIONS: Kinds<SliceOptions> = { starts: 'places', stops: 'places', steps: 'places' };

/**
 * Regularly spaced elements along every axis, `x[start:stop:step, ...]` as NumPy reads it: bounds beyond the ends are cut.
 * Axes that the options do not reach stay whole.
 *
 * @example
 * slice(x, { starts: [0, -2] });                    // the last two columns
 * slice(x, { steps: [-1] });                        // rows in reverse
 * @throws ShapeError for more entries than axes; PalimpsestError ERR_ARGUMENT for a step of 0 or a fraction.
 */
export function slice(x: Tensor, options: SliceOptions = {}): Tensor {
  checkTensors('slice', { x });
  checkKinds('slice', options, SLICE_OPTIONS);
  const { starts = [], stops = [], steps = [] } = options;
  const rank = x.shape.length;
  if (Math.max(starts.length, stops.length, steps.length) > rank) {
    throw new ShapeError(`slice: at most ${rank} entries expected for ${formatShape(x.shape)}`);
  }
  const ranges = x.shape.map((length, axis) => rangeOf(length, starts[axis], stops[axis], steps[axis] ?? 1));
  const window = {
    starts: ranges.map((range) => range.start),
    steps: ranges.map((range) => range.step),
    part: ranges.map((range) => range.count),
    whole: x.shape,
  };
  return window.part.every((_, axis) => isWholeAlong(window, axis)) ? x : sliceOf(x, window);
}

/** The indices of one axis, by the rules of Python. */
export function rangeOf(
  length: number,
  first: number | undefined,
  last: number | undefined,
  step: number,
): { start: number; step: number; count: number } {
  if (![first ?? 0, last ?? 0, step].every(Number.isSafeInteger) || step === 0) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `slice: integers and a step other than 0 expected, got ${first ?? 'start'}:${last ?? 'stop'}:${step}`,
    );
  }
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const bound = (index: number): number => Math.min(high, Math.max(low, index < 0 ? index + length : index));
  const start = first === undefined ? (step > 0 ? low : high) : bound(first);
  const stop = last === undefined ? (step > 0 ? high : low) : bound(last);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return count === 0 ? { start: 0, step: 1, count } : { start, step, count };
}

/**
 * The transposed map of `slice`: the elements of g at `starts + i steps` of a tensor of zeros of shape `whole`. All of them
 * must lie inside; the kernel checks.
 */
export const placeSlice = (g: Tensor, window: Omit<Window, 'part'>): Tensor =>
  sliceGradOf(g, { ...window, part: g.shape });

export interface SplitOptions {
  /** The axis to cut. Default 0. */
  readonly axis?: number;
}

const SPLIT_OPTIONS: Kinds<SplitOptions> = { axis: 'number' };

/**
 * Cuts a tensor along an axis into equal parts, given their number, or into parts of the given extents.
 * @throws ShapeError when the parts do not add up to the axis.
 */
export function split(x: Tensor, parts: number | readonly number[], options: SplitOptions = {}): Tensor[] {
  checkTensors('split', { x });
  checkKinds('split', options, SPLIT_OPTIONS);
  checkNumbers('split', 'parts', parts);
  const { axis = 0 } = options;
  const at = normalizeAxis('split', axis, x.shape.length);
  const length = extent(x.shape, at);
  const extents = typeof parts === 'number' ? equalParts(length, parts) : parts;
  const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
  if (!extents.every(isCount) || extents.reduce((total, n) => total + n, 0) !== length) {
    throw new ShapeError(
      `split: parts ${formatShape(extents)} do not add up to axis ${at} of ${formatShape(x.shape)}`,
    );
  }
  const before = Array<undefined>(at).fill(undefined);
  let from = 0;
  return extents.map((own) => {
    const start = from;
    from += own;
    return slice(x, { starts: [...before, start], stops: [...before, from] });
  });
}

function equalParts(length: number, parts: number): number[] {
  if (!Number.isSafeInteger(parts) || parts < 1 || length % parts !== 0) {
    throw new ShapeError(`split: an axis of ${length} does not divide into ${parts} equal parts`);
  }
  return Array<number>(parts).fill(length / parts);
}
