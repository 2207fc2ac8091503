import { PalimpsestError } from '../errors';
import { checkKinds, checkTensors, type Kinds } from '../graph/call';
import type { FloatDType } from '../graph/dtype';
import { normalizeAxis, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { add, cast, div, less, log, maximum, mul, neg, sub } from '../ops/elementwise/arithmetic';
import { abs, log1p, sign } from '../ops/elementwise/math';
import { argmax } from '../ops/reduce/argmax';
import { drawnIn, uniform } from './draw';
import { checkKey } from './key';

export interface RateOptions {
  /** Default 1. */
  readonly rate?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const RATE_OPTIONS: Kinds<RateOptions> = { rate: 'number', dtype: 'dtype' };

export interface LocationOptions {
  /** Default 0. */
  readonly location?: number;
  /** Default 1. */
  readonly scale?: number;
  /** Default float32. */
  readonly dtype?: FloatDType;
}

const LOCATION_OPTIONS: Kinds<LocationOptions> = { location: 'number', scale: 'number', dtype: 'dtype' };

function checkPositive(where: string, what: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new PalimpsestError('ERR_VALUE', `${where}: a positive ${what} expected, got ${value}`);
}

/**
 * Exponentially distributed numbers of mean `1 / rate`: `-log(1 - u) / rate`.
 * @throws PalimpsestError ERR_VALUE for a rate that is not positive.
 */
export function exponential(key: Tensor, shape: Shape, options: RateOptions = {}): Tensor {
  checkKey('exponential', key);
  checkKinds('exponential', options, RATE_OPTIONS);
  const { rate = 1, dtype = 'float32' } = options;
  checkPositive('exponential', 'rate', rate);
  const fraction = uniform(key, shape, { dtype: drawnIn('exponential', dtype) });
  return cast(div(neg(log1p(neg(fraction))), rate), dtype);
}

/**
 * Numbers of the Gumbel distribution, `location - scale log(e)` for e exponential: what is added to logits so that the
 * largest is a draw from their softmax. Always finite.
 * @throws PalimpsestError ERR_VALUE for a scale that is not positive.
 */
export function gumbel(key: Tensor, shape: Shape, options: LocationOptions = {}): Tensor {
  checkKey('gumbel', key);
  checkKinds('gumbel', options, LOCATION_OPTIONS);
  const { location = 0, scale = 1, dtype = 'float32' } = options;
  checkPositive('gumbel', 'scale', scale);
  // Half the smallest step of u stands for an exponential of 0.
  const wide = drawnIn('gumbel', dtype);
  const waiting = maximum(exponential(key, shape, { dtype: wide }), wide === 'float32' ? 2 ** -25 : 2 ** -54);
  return cast(sub(location, mul(log(waiting), scale)), dtype);
}

/**
 * Numbers of the Laplace distribution, of density `e^(-|x - location| / scale) / (2 scale)`, by the inverse of its distribution
 * function. Always finite. This is the noise of differential privacy for a sensitivity of `scale` times epsilon; mind that
 * the low bits of floating-point noise can give away what it hides (Mironov, 2012).
 * @throws PalimpsestError ERR_VALUE for a scale that is not positive.
 */
export function laplace(key: Tensor, shape: Shape, options: LocationOptions = {}): Tensor {
  checkKey('laplace', key);
  checkKinds('laplace', options, LOCATION_OPTIONS);
  const { location = 0, scale = 1, dtype = 'float32' } = options;
  checkPositive('laplace', 'scale', scale);
  // Half a step up, so that the numbers lie evenly about 0 and never on -1/2.
  const centred = add(uniform(key, shape, { dtype }), (dtype === 'float32' ? 2 ** -25 : 2 ** -54) - 0.5);
  return sub(location, mul(mul(sign(centred), log1p(mul(abs(centred), -2))), scale));
}

/** -1 or 1, equally likely; float32 unless told otherwise. */
export function rademacher(key: Tensor, shape: Shape, dtype: FloatDType = 'float32'): Tensor {
  checkKey('rademacher', key);
  return sub(mul(cast(less(uniform(key, shape), 0.5), dtype), 2), 1);
}

export interface CategoricalOptions {
  /** The axis of the classes. Default -1. */
  readonly axis?: number;
}

const CATEGORICAL_OPTIONS: Kinds<CategoricalOptions> = { axis: 'number' };

/**
 * One int32 class per row of logits, drawn from their softmax: the class of the largest `logit + gumbel` (Gumbel 1954). A
 * class of logit -Infinity is never drawn beside a finite one.
 * @throws ShapeError for an axis that is not there or is empty; DTypeError unless the logits are floats.
 */
export function categorical(key: Tensor, logits: Tensor, options: CategoricalOptions = {}): Tensor {
  checkKey('categorical', key);
  checkTensors('categorical', { logits });
  checkKinds('categorical', options, CATEGORICAL_OPTIONS);
  const { axis = -1 } = options;
  const at = normalizeAxis('categorical', axis, logits.shape.length);
  // The noise of 16-bit logits stays in float32: rounded, it would tie.
  const noise = gumbel(key, logits.shape, { dtype: drawnIn('categorical', logits.dtype as FloatDType) });
  return argmax(add(logits, noise), { axis: at });
}
