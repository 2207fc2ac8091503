import { PalimpsestError } from '../errors';
import { checkKinds, type Kinds } from '../graph/call';
import type { FloatDType } from '../graph/dtype';
import type { Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { add, cast, div, full, log, mul, neg, square, sub } from '../ops/elementwise/arithmetic';
import { clip } from '../ops/elementwise/activations';
import { erf, erfc, erfinv, exp, log1p, sqrt } from '../ops/elementwise/math';
import { uniform } from './draw';
import { checkKey } from './key';

export interface TruncatedNormalOptions {
  /** Of the distribution before it is cut. Default 0. */
  readonly mean?: number;
  /** The standard deviation before it is cut. Default 1. */
  readonly deviation?: number;
  /** The smallest value; -Infinity for none. Default `mean - 2 deviation`, as in JAX's and Keras's initialisers. */
  readonly low?: number;
  /** The largest value; Infinity for none. Default `mean + 2 deviation`. */
  readonly high?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const TRUNCATED_NORMAL_OPTIONS: Kinds<TruncatedNormalOptions> = {
  mean: 'number',
  deviation: 'number',
  low: 'number',
  high: 'number',
  dtype: 'dtype',
};

/** From how many deviations on a cut counts as a tail. */
const TAIL = 1;
/** The normal distribution function has no float64 values further out that a draw could be told apart by. */
const FARTHEST = 35;
/** Newton's steps that bring every quantile of a tail to all digits. */
const STEPS = 5;

/**
 * Normally distributed numbers on condition that they are from `low` to `high`, by the inverse of the distribution function:
 * `mean + deviation Phi^-1(Phi(a) + u (Phi(b) - Phi(a)))` for u uniform, with a and b the bounds in deviations from the
 * mean. One number of the stream makes one result. Tails are as exact as the middle: bounds on one side of the mean are
 * solved for in logarithms.
 *
 * @example
 * const weights = truncatedNormal(key(7), [256, 128], { deviation: 0.02 });   // within [-0.04, 0.04]
 * @throws PalimpsestError ERR_VALUE for a mean that is not finite, a deviation that is not positive, unless low < high, or for
 * bounds that lie more than 35 deviations to one side.
 */
export function truncatedNormal(key: Tensor, shape: Shape, options: TruncatedNormalOptions = {}): Tensor {
  checkKey('truncatedNormal', key);
  checkKinds('truncatedNormal', options, TRUNCATED_NORMAL_OPTIONS);
  const { mean = 0, deviation = 1, dtype = 'float32' } = options;
  const { low = mean - 2 * deviation, high = mean + 2 * deviation } = options;
  const [a, b] = [(low - mean) / deviation, (high - mean) / deviation];
  if (!(deviation > 0 && Number.isFinite(deviation) && Number.isFinite(mean) && low < high)) {
    throw new PalimpsestError(
      'ERR_VALUE',
      'truncatedNormal: a finite mean, a positive deviation and low < high expected, ' +
        `got mean ${mean}, deviation ${deviation}, low ${low} and high ${high}`,
    );
  }
  if (a > FARTHEST || b < -FARTHEST) {
    throw new PalimpsestError(
      'ERR_VALUE',
      `truncatedNormal: bounds within ${FARTHEST} deviations of the mean expected, got ${a} to ${b} deviations`,
    );
  }
  const standard = standardDraw(key, shape, dtype, a, b);
  return clip(add(mul(standard, deviation), mean), { min: low, max: high });
}

function standardDraw(key: Tensor, shape: Shape, dtype: FloatDType, a: number, b: number): Tensor {
  if (a < TAIL && b > -TAIL) return middleQuantile(uniform(key, shape, { dtype }), dtype, a, b);
  const fraction = uniform(key, shape, { dtype: 'float64' });
  const beyond = a > 0 ? tailQuantile(fraction, a, b) : neg(tailQuantile(fraction, -b, -a));
  return cast(beyond, dtype);
}

/** `sqrt(2) erfinv(p)` for p at the fraction u of the way from `erf(a / sqrt 2)` to `erf(b / sqrt 2)`. */
function middleQuantile(u: Tensor, dtype: FloatDType, a: number, b: number): Tensor {
  const below = erf(full([], a * Math.SQRT1_2, dtype));
  const above = erf(full([], b * Math.SQRT1_2, dtype));
  const share = add(mul(u, sub(above, below)), below);
  const largest = 1 - (dtype === 'float32' ? 2 ** -24 : 2 ** -53); // where erfinv is still finite
  return mul(erfinv(clip(share, { min: -largest, max: largest })), Math.SQRT2);
}

/**
 * The x from a to b, both positive, with `Q(x) = Q(a) - u (Q(a) - Q(b))` for `Q(x) = erfc(x / sqrt 2)`, by Newton's method on
 * log Q. That is concave, and the start, the quantile of `e^(-x^2 / 2)` in place of Q, lies above the solution: steps
 * come down to it without passing it.
 */
function tailQuantile(u: Tensor, a: number, b: number): Tensor {
  const upper = (x: Tensor): Tensor => erfc(mul(x, Math.SQRT1_2));
  const atLow = upper(full([], a, 'float64'));
  const atHigh = upper(full([], b, 'float64'));
  const logShare = log1p(neg(mul(u, sub(1, div(atHigh, atLow)))));
  const target = add(logShare, log(atLow));
  let x = sqrt(sub(a * a, mul(logShare, 2)));
  for (let step = 0; step < STEPS; step++) {
    const tail = upper(x);
    const slope = div(mul(exp(mul(square(x), -0.5)), Math.sqrt(2 / Math.PI)), tail);
    x = add(x, div(sub(log(tail), target), slope));
  }
  return x;
}
