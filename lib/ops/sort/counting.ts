import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { tensor } from '../../graph/create';
import { isFloat } from '../../graph/dtype';
import { perInput } from '../../graph/flops';
import { defineOp, single } from '../../graph/op';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, cast, div, equal, full, greaterEqual, lessEqual, mul, sub } from '../elementwise/arithmetic';
import { logicalAnd, where } from '../elementwise/math';
import { iota } from '../indexing/iota';
import { takeAlongGrad } from '../indexing/takeAlong';
import { max, min } from '../reduce/reduce';
import { sum } from '../reduce/sum';
import { reshape } from '../shape/reshape';
import { slice } from '../shape/slice';
import { asIndices } from '../indices';
import { searchSorted } from './searchSorted';

const bincountOp = defineOp<{ length: number }>('bincount', {
  infer: (_inputs, { length }) => ({ shape: [length], dtype: 'int32' }),
  lower: { kernel: 'bincount' },
  constant: true,
  example: { axis: ({ mixes }) => mixes('it counts all examples together') },
  flops: perInput(1),
});

export interface BincountOptions {
  /** How many numbers are counted: 0 to length - 1. Reading the result raises ERR_INDEX for another number. */
  readonly length: number;
  /** One float per number, of the numbers' shape: added up instead of counted. Differentiable. */
  readonly weights?: Tensor;
}

const BINCOUNT_OPTIONS: Kinds<BincountOptions> = { length: 'number', weights: 'tensor' };

/**
 * How often each of 0, 1, ..., length - 1 is among int32 numbers, as int32; or the sums of their weights.
 *
 * @example
 * bincount(labels, { length: 10 });                       // [N] -> [10]
 * @throws DTypeError for other than int32 numbers or float weights; ShapeError for weights of another shape or a length that
 *   is no extent.
 */
export function bincount(x: Tensor, options: BincountOptions): Tensor {
  checkTensors('bincount', { x });
  checkKinds('bincount', options, BINCOUNT_OPTIONS);
  const { length, weights } = options;
  if (!Number.isSafeInteger(length) || length < 0)
    throw new ShapeError(`bincount: a length of 0 or more expected, got ${length}`);
  const numbers = reshape(asIndices('bincount', x, length, 'numbers'), [x.size]);
  if (!weights) return single(bincountOp([numbers], { length }));
  if (!sameShape(weights.shape, x.shape)) {
    throw new ShapeError(
      `bincount: weights of shape ${formatShape(x.shape)} expected, got ${formatShape(weights.shape)}`,
    );
  }
  return takeAlongGrad(reshape(weights, [x.size]), numbers, length);
}

export interface HistogramOptions {
  /** How many intervals of equal width, or their ascending edges. Default 10. */
  readonly bins?: number | readonly number[];
  /** From where to where, for intervals of equal width. Default: from the smallest element to the largest. */
  readonly range?: readonly [low: number, high: number];
  /** One float per element, of the elements' shape: added up instead of counted. Differentiable. */
  readonly weights?: Tensor;
  /** Divide by the total and by the width of each bin, so that the integral is 1. Default false. */
  readonly density?: boolean;
}

const HISTOGRAM_OPTIONS: Kinds<HistogramOptions> = {
  bins: 'numbers',
  range: 'list',
  weights: 'tensor',
  density: 'boolean',
};

/** Counts and where they were made. */
export interface HistogramCounts {
  /** One per bin: int32, or the dtype of the weights; of the elements' float dtype for densities. */
  readonly counts: Tensor;
  /** One more than bins, ascending. */
  readonly edges: Tensor;
}

/**
 * How many elements lie in each interval `[edge_i, edge_(i+1))`, the last one closed. What lies outside, and NaN, is not counted.
 * Integers and bool are taken as float32. With `density` the counts are divided by their total and by the widths of the bins;
 * where nothing was counted they are NaN. This is NumPy's `histogram`; the metric `histogram` counts plain numbers.
 *
 * @example
 * const { counts, edges } = histogramCounts(losses, { bins: 20, range: [0, 5] });
 * @throws PalimpsestError ERR_ARGUMENT unless there is one bin or more and edges or range are finite and ascending.
 */
export function histogramCounts(numbers: Tensor, options: HistogramOptions = {}): HistogramCounts {
  checkTensors('histogramCounts', { numbers });
  checkKinds('histogramCounts', options, HISTOGRAM_OPTIONS);
  const x = isFloat(numbers.dtype) ? numbers : cast(numbers, 'float32');
  const edges = edgesOf(x, options);
  const bins = edges.size - 1;
  const [first, last] = [slice(edges, { stops: [1] }), slice(edges, { starts: [bins] })];
  const found = sub(searchSorted(edges, x, { side: 'right' }), 1);
  const isInside = logicalAnd(greaterEqual(x, first), lessEqual(x, last));
  const closed = where(equal(x, last), full([], bins - 1, 'int32'), found);
  // What is outside goes to a bin of its own, which is left out.
  const places = where(isInside, closed, full([], bins, 'int32'));
  const counted = bincount(places, {
    length: bins + 1,
    ...(options.weights ? { weights: options.weights } : {}),
  });
  const counts = slice(counted, { stops: [bins] });
  return { counts: options.density === true ? densityOf(cast(counts, x.dtype), edges) : counts, edges };
}

/** Counts over their total and over the widths of the bins. */
function densityOf(counts: Tensor, edges: Tensor): Tensor {
  const widths = sub(slice(edges, { starts: [1] }), slice(edges, { stops: [edges.size - 1] }));
  return div(div(counts, sum(counts)), widths);
}

const isAscending = (edges: readonly number[]): boolean =>
  edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge >= (edges[i - 1] ?? edge)));

function edgesOf(x: Tensor, { bins = 10, range }: HistogramOptions): Tensor {
  if (typeof bins !== 'number') {
    if (bins.length < 2 || !isAscending(bins) || range) {
      throw new PalimpsestError(
        'ERR_ARGUMENT',
        `histogramCounts: two or more finite ascending edges and no range expected, got [${bins.join(', ')}]`,
      );
    }
    return tensor([...bins], { dtype: x.dtype });
  }
  if (!Number.isSafeInteger(bins) || bins < 1)
    throw new PalimpsestError('ERR_ARGUMENT', `histogramCounts: one bin or more expected, got ${bins}`);
  if (range && !(isAscending(range) && range[0] < range[1])) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `histogramCounts: a finite ascending range expected, got [${range.join(', ')}]`,
    );
  }
  const [low, high] = range ? range.map((bound) => full([1], bound, x.dtype)) : extremesOf(x);
  return evenEdges(low ?? full([1], 0, x.dtype), high ?? full([1], 1, x.dtype), bins);
}

/** The smallest and the largest element, half a unit apart from them when they are one; 0 and 1 of nothing. */
function extremesOf(x: Tensor): readonly Tensor[] {
  if (x.size === 0) return [];
  const [low, high] = [reshape(min(x), [1]), reshape(max(x), [1])];
  const margin = where(equal(low, high), full([1], 0.5, x.dtype), full([1], 0, x.dtype));
  return [sub(low, margin), add(high, margin)];
}

/** `low + (high - low) i / bins`, with the last edge exactly `high`. */
function evenEdges(low: Tensor, high: Tensor, bins: number): Tensor {
  const steps = iota(bins + 1);
  const inner = add(low, mul(sub(high, low), div(cast(steps, low.dtype), bins)));
  return where(equal(steps, bins), high, inner);
}
