import { OptionError, ShapeError } from '../errors';
import { checkKinds, checkNumbers, checkOperands, type Kinds } from '../graph/call';
import { tensor } from '../graph/create';
import { checkShape, extent, formatShape, normalizeAxis, type Shape, sizeOf } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { cast, div, mul } from '../ops/elementwise/arithmetic';
import { take } from '../ops/indexing/take';
import { cummax } from '../ops/scan/cummax';
import { cumsum } from '../ops/scan/cumsum';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { searchSorted } from '../ops/sort/searchSorted';
import { topk } from '../ops/sort/topk';
import { exponential } from './distributions';
import { permutation, randomInteger, uniform } from './draw';
import { checkKey } from './key';

export interface ChoiceOptions {
  /** Whether one may be drawn several times. Default true. */
  readonly replace?: boolean;
  /** How likely each one is, up to a common factor: n numbers of 0 or more. Default: all alike. */
  readonly weights?: Tensor | readonly number[];
  /** The axis of a tensor along which to choose. Default 0. */
  readonly axis?: number;
}

const CHOICE_OPTIONS: Kinds<ChoiceOptions> = { replace: 'boolean', weights: 'any', axis: 'number' };

/**
 * Draws of n things: indices, int32 of the given shape, for a number n; for a tensor what is at these indices along `axis`,
 * which the shape takes the place of. With weights and replacement a draw is the place of a uniform number among the running
 * sums of the weights; without replacement the smallest of `e_i / w_i` for e exponential are taken, which is what drawing
 * one after the other comes to (Efraimidis and Spirakis, 2006). There, what weighs 0 comes when nothing else is left.
 *
 * @example
 * choice(key(1), 10, [3], { replace: false });                 // three different numbers from 0 to 9
 * choice(key(1), rows, [64], { weights });                     // 64 rows, each at every draw in proportion to its weight
 * @throws ShapeError for weights that are not [n], and for more draws than there are things without replacement; OptionError
 * for weights (given as numbers) that are negative, not finite or all 0, and for drawing from nothing.
 */
export function choice(
  key: Tensor,
  from: number | Tensor,
  shape: Shape,
  options: ChoiceOptions = {},
): Tensor {
  checkKey('choice', key);
  checkKinds('choice', options, CHOICE_OPTIONS);
  const { replace = true, weights, axis = 0 } = options;
  checkOperands('choice', [from]);
  checkShape('choice', shape);
  if (weights !== undefined && !(weights instanceof Tensor))
    checkNumbers('choice', 'weights', weights, false);
  const at = typeof from === 'number' ? 0 : normalizeAxis('choice', axis, from.shape.length);
  const n = typeof from === 'number' ? from : extent(from.shape, at);
  const count = sizeOf(shape);
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) {
    throw new OptionError(`choice: a number of things from 1 to 2^31 - 1 expected, got ${n}`);
  }
  if (n === 0 && count > 0) throw new OptionError('choice: nothing to draw from');
  if (!replace && count > n) {
    throw new ShapeError(
      `choice: ${count} draws (shape ${formatShape(shape)}) without replacement from ${n} things; ask for fewer or set replace`,
    );
  }
  const heavy = weights && weightsOf(weights, n);
  const flat = replace ? withReplacement(key, n, count, heavy) : withoutReplacement(key, n, count, heavy);
  const indices = reshape(flat, shape);
  return typeof from === 'number' ? indices : take(from, indices, { axis: at });
}

function weightsOf(weights: Tensor | readonly number[], n: number): Tensor {
  const given =
    weights instanceof Tensor ? cast(weights, 'float64') : tensor(Float64Array.from(checked(weights)));
  if (given.shape.length !== 1 || given.size !== n) {
    throw new ShapeError(`choice: weights [${n}] expected, got ${formatShape(given.shape)}`);
  }
  return given;
}

function checked(weights: readonly number[]): readonly number[] {
  const wrong = weights.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (wrong >= 0)
    throw new OptionError(
      `choice: finite weights of 0 or more expected, got ${weights[wrong]} at place ${wrong}`,
    );
  if (weights.length > 0 && !weights.some((weight) => weight > 0))
    throw new OptionError('choice: all weights are 0');
  return weights;
}

function withReplacement(key: Tensor, n: number, count: number, weights: Tensor | undefined): Tensor {
  if (!weights) return randomInteger(key, [count], { high: Math.max(n, 1) });
  const sums = cummax(cumsum(weights)).values; // they may fall by a rounding where the sum was cut
  const total = slice(sums, { starts: [Math.max(n - 1, 0)], stops: [n] });
  return searchSorted(sums, mul(uniform(key, [count], { dtype: 'float64' }), total), { side: 'right' });
}

function withoutReplacement(key: Tensor, n: number, count: number, weights: Tensor | undefined): Tensor {
  if (!weights) return slice(permutation(key, n), { starts: [0], stops: [count] });
  const waiting = div(exponential(key, [n], { dtype: 'float64' }), weights);
  return topk(waiting, count, { largest: false }).indices;
}
