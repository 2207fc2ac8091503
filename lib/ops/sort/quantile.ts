import { PalimpsestError, ShapeError } from '../../errors';
import { checkKinds, checkNumbers, checkTensors, type Kinds } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { extent, formatShape, normalizeAxes, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { tensor } from '../../graph/create';
import { add, cast, equal, full, mul, sub } from '../elementwise/arithmetic';
import { isNaN, where } from '../elementwise/math';
import { take } from '../indexing/take';
import { any } from '../reduce/logical';
import { REDUCE_OPTIONS, withoutAxes } from '../reduce/sum';
import { expandDims, reshape } from '../shape/reshape';
import { moveAxis, transpose } from '../shape/transpose';
import { sort } from './sort';

/**
 * How a quantile between two elements comes about; the names are NumPy's. The first six take or join neighbours of
 * `q (n - 1)`; the others place the elements otherwise, see Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996.
 */
export type Interpolation =
  | 'linear'
  | 'lower'
  | 'higher'
  | 'midpoint'
  | 'nearest'
  | 'weibull'
  | 'hazen'
  | 'medianUnbiased'
  | 'normalUnbiased'
  | 'interpolatedInvertedCdf';

export interface QuantileOptions {
  /** Axes to take the quantile over; all by default. */
  readonly axis?: number | readonly number[];
  /** Keep the axes with extent 1. Default false. */
  readonly keepDims?: boolean;
  /** Default `linear`. */
  readonly interpolation?: Interpolation;
}

const QUANTILE_OPTIONS: Kinds<QuantileOptions> = {
  axis: 'numbers',
  keepDims: 'boolean',
  interpolation: 'string',
};

/** The position of a quantile among n sorted elements is `n q + alpha + q (1 - alpha - beta) - 1`: [alpha, beta]. */
const PLOTTING: Partial<Record<Interpolation, readonly [number, number]>> = {
  interpolatedInvertedCdf: [0, 1],
  hazen: [0.5, 0.5],
  weibull: [0, 0],
  medianUnbiased: [1 / 3, 1 / 3],
  normalUnbiased: [3 / 8, 3 / 8],
};

/** Rounding of positions: halves to even, as NumPy has it. */
const nearest = (x: number): number => {
  const down = Math.floor(x);
  const isDown = x - down < 0.5 || (x - down === 0.5 && down % 2 === 0);
  return isDown ? down : down + 1;
};

interface Place {
  readonly low: number;
  readonly high: number;
  /** How much of the higher one. */
  readonly weight: number;
}

/** Where quantile q lies among n elements. */
function placeOf(q: number, n: number, interpolation: Interpolation): Place {
  const [alpha, beta] = PLOTTING[interpolation] ?? [1, 1];
  const position = Math.min(Math.max(n * q + alpha + q * (1 - alpha - beta) - 1, 0), n - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, n - 1);
  const at = (place: number): Place => ({ low: place, high: place, weight: 0 });
  if (interpolation === 'lower') return at(low);
  if (interpolation === 'higher') return at(Math.ceil(position));
  if (interpolation === 'nearest') return at(nearest(position));
  if (interpolation === 'midpoint') return { low, high: Math.ceil(position), weight: 0.5 };
  return { low, high, weight: position - low };
}

const KNOWN: readonly string[] = [
  'linear',
  'lower',
  'higher',
  'midpoint',
  'nearest',
  ...Object.keys(PLOTTING),
];

function checkQuantiles(qs: readonly number[], interpolation: string): void {
  const wrong = qs.find((q) => !(q >= 0 && q <= 1));
  if (wrong !== undefined)
    throw new PalimpsestError('ERR_ARGUMENT', `quantile: fractions from 0 to 1 expected, got ${wrong}`);
  if (!KNOWN.includes(interpolation)) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `quantile: interpolation is one of ${KNOWN.join(', ')}, got '${interpolation}'`,
    );
  }
}

/**
 * The q-th quantile over some axes (all by default): with the elements in order, the one at position `q (n - 1)`, or a mixture of
 * its neighbours. For a list of fractions the results are stacked on a new first axis. NaN where there is one. Integers and bool
 * give float32. The gradient goes back to the elements that the result is made of.
 *
 * @example
 * quantile(losses, 0.9);                                  // a scalar
 * quantile(x, [0.25, 0.75], { axis: 0 });                 // [N, D] -> [2, D]
 * @throws PalimpsestError ERR_ARGUMENT for a fraction outside [0, 1] or another interpolation; ShapeError for an empty axis.
 */
export function quantile(
  numbers: Tensor,
  q: number | readonly number[],
  options: QuantileOptions = {},
): Tensor {
  checkTensors('quantile', { numbers });
  checkKinds('quantile', options, QUANTILE_OPTIONS);
  checkNumbers('quantile', 'q', q);
  const { axis, keepDims = false, interpolation = 'linear' } = options;
  const qs = typeof q === 'number' ? [q] : q;
  checkQuantiles(qs, interpolation);
  const x = isFloat(numbers.dtype) ? numbers : cast(numbers, 'float32');
  const axes = normalizeAxes('quantile', axis, x.shape.length);
  const kept = withoutAxes(x.shape, axes);
  const n = sizeOf(axes.map((own) => extent(x.shape, own)));
  if (n === 0 && sizeOf(kept) > 0) {
    throw new ShapeError(
      `quantile: an axis with elements expected, got axes [${axes.join(', ')}] of ${formatShape(x.shape)}`,
    );
  }
  const order = [...x.shape.keys()].filter((own) => !axes.includes(own));
  const rows = reshape(transpose(x, [...order, ...axes]), [...kept, n]);
  const picked = moveAxis(
    mixtures(
      rows,
      qs.map((own) => placeOf(own, Math.max(n, 1), interpolation)),
    ),
    -1,
    0,
  );
  const shape = keepDims ? x.shape.map((own, i) => (axes.includes(i) ? 1 : own)) : kept;
  return reshape(picked, typeof q === 'number' ? shape : [qs.length, ...shape]);
}

/** Mixtures of elements at places of the sorted rows [..., n] -> [..., places]. */
function mixtures(rows: Tensor, places: readonly Place[]): Tensor {
  const at = (which: (place: Place) => number): Tensor =>
    take(sorted, tensor(Int32Array.from(places.map(which))), { axis: -1 });
  const sorted = rows.size === 0 ? rows : sort(rows);
  const low = at((place) => place.low);
  const weights = places.map((place) => place.weight);
  const mixed = weights.every((weight) => weight === 0)
    ? low
    : between(
        low,
        at((place) => place.high),
        tensor(weights, { dtype: rows.dtype }),
      );
  const hasNaN = expandDims(any(isNaN(rows), { axis: -1 }), -1);
  return where(hasNaN, full([], NaN, rows.dtype), mixed);
}

/**
 * `(1 - weight) low + weight high`: infinities give infinities. For weight 0 the higher one is not looked at, and equal ones
 * stay as they are.
 */
function between(low: Tensor, high: Tensor, weight: Tensor): Tensor {
  const used = where(cast(weight, 'bool'), high, low);
  const mixed = add(mul(sub(1, weight), low), mul(weight, used));
  return where(equal(used, low), low, mixed);
}

/** The median over some axes (all by default): the middle element, or the mean of the two in the middle. See `quantile`. */
export function median(x: Tensor, options: Omit<QuantileOptions, 'interpolation'> = {}): Tensor {
  checkTensors('median', { x });
  checkKinds('median', options, REDUCE_OPTIONS);
  return quantile(x, 0.5, options);
}
