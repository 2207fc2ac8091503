import { PalimpsestError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { add, div, greater, mul, neg, square, sub, unary, maximum, minimum } from './arithmetic';
import { defineElementwise, type Operand } from './define';
import { exp, expm1, sigmoid, where } from './math';

// Each is one operation, and so is its first derivative: chains of them stay in cache. Second derivatives are chains.

/** The derivative of `silu`: with `s = sigmoid(x)`, `s (1 + x (1 - s))`; its own is `s (1 - s) (2 + x (1 - 2s))`. */
const siluSlope = unary(
  defineElementwise('siluSlope', {
    partials: [
      (g, [x]) => {
        const [s, rest] = [sigmoid(x), sigmoid(neg(x))];
        return mul(g, mul(mul(s, rest), add(mul(x, sub(rest, s)), 2)));
      },
    ],
  }),
);

/** `x sigmoid(x)`, also known as swish. */
export const silu = unary(defineElementwise('silu', { partials: [(g, [x]) => mul(g, siluSlope(x))] }));

/** The derivative of `gelu`, `Phi(x) + x phi(x)`; its own is `phi(x) (2 - x^2)`. */
const geluSlope = unary(
  defineElementwise('geluSlope', {
    partials: [
      (g, [x]) => {
        const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return mul(g, mul(density, sub(2, square(x))));
      },
    ],
  }),
);

const geluErf = unary(defineElementwise('gelu', { partials: [(g, [x]) => mul(g, geluSlope(x))] }));

const CUBIC = 0.044715;
const TWICE_ROOT = 2 * Math.sqrt(2 / Math.PI);

/**
 * The derivative of the approximation: with `v = 2 sqrt(2/pi) (x + 0.044715 x^3)` and `s = sigmoid(v)`, it is `s + x s (1 - s) v'`,
 * and its own is `s (1 - s) (2v' + x v'' + x v'^2 (1 - 2s))`.
 */
const geluTanhSlope = unary(
  defineElementwise('geluTanhSlope', {
    partials: [
      (g, [x]) => {
        const v = mul(mul(x, add(mul(square(x), CUBIC), 1)), TWICE_ROOT);
        const first = mul(add(mul(square(x), 3 * CUBIC), 1), TWICE_ROOT);
        const second = mul(x, 6 * CUBIC * TWICE_ROOT);
        const [s, rest] = [sigmoid(v), sigmoid(neg(v))];
        const bend = mul(x, add(second, mul(square(first), sub(rest, s))));
        return mul(g, mul(mul(s, rest), add(mul(first, 2), bend)));
      },
    ],
  }),
);

const geluTanh = unary(defineElementwise('geluTanh', { partials: [(g, [x]) => mul(g, geluTanhSlope(x))] }));

export interface GeluOptions {
  /** `tanh` for the approximation `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))` that GPT-2 uses. Default `none`. */
  readonly approximate?: 'none' | 'tanh';
}

const GELU_OPTIONS: Kinds<GeluOptions> = { approximate: 'string' };

/**
 * The Gaussian error linear unit `x Phi(x)`, with the standard normal distribution function Phi.
 * Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
 *
 * @throws PalimpsestError ERR_ARGUMENT for another approximation.
 * @example
 * gelu(tensor([-1, 0, 1]));                              // about [-0.1587, 0, 0.8413]
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkTensors('gelu', { x });
  checkKinds('gelu', options, GELU_OPTIONS);
  const { approximate = 'none' } = options;
  const kind: string = approximate;
  if (kind === 'none') return geluErf(x);
  if (kind === 'tanh') return geluTanh(x);
  throw new PalimpsestError('ERR_ARGUMENT', `gelu: approximate is 'none' or 'tanh', got '${kind}'`);
}

const softplusOp = unary(
  defineElementwise('softplus', { partials: [(g, [x]) => mul(g, sigmoid(x))] }), // 1 / (1 + e^-x)
);

export interface SoftplusOptions {
  /** How sharp the bend is. Default 1. */
  readonly beta?: number;
  /** The result is x itself where `beta x` is larger. Default: never, because the formula does not overflow. */
  readonly threshold?: number;
}

const SOFTPLUS_OPTIONS: Kinds<SoftplusOptions> = { beta: 'number', threshold: 'number' };

/**
 * `log(1 + e^(beta x)) / beta`, a smooth `max(x, 0)`, without overflow.
 * @throws PalimpsestError ERR_ARGUMENT unless beta is positive and finite.
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkTensors('softplus', { x });
  checkKinds('softplus', options, SOFTPLUS_OPTIONS);
  const { beta = 1, threshold = Infinity } = options;
  if (!(beta > 0 && beta < Infinity)) {
    throw new PalimpsestError('ERR_ARGUMENT', `softplus: a positive beta expected, got ${beta}`);
  }
  const scaled = beta === 1 ? x : mul(x, beta);
  const y = softplusOp(scaled);
  const smooth = beta === 1 ? y : div(y, beta);
  return threshold === Infinity ? smooth : where(greater(scaled, threshold), x, smooth);
}

/** `log(sigmoid(x)) = -log(1 + e^-x)`, without overflow or loss of digits. */
export function logSigmoid(x: Tensor): Tensor {
  checkTensors('logSigmoid', { x });
  return neg(softplusOp(neg(x)));
}

export interface LeakyReluOptions {
  /** The slope for x <= 0. Default 0.01. */
  readonly slope?: number;
}

const LEAKY_RELU_OPTIONS: Kinds<LeakyReluOptions> = { slope: 'number' };

/** `x` where it is positive and `slope x` elsewhere; at 0 its gradient is the slope. */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkTensors('leakyRelu', { x });
  checkKinds('leakyRelu', options, LEAKY_RELU_OPTIONS);
  const { slope = 0.01 } = options;
  return where(greater(x, 0), x, mul(x, slope));
}

export interface EluOptions {
  /** Minus the limit for large negative x. Default 1. */
  readonly alpha?: number;
}

const ELU_OPTIONS: Kinds<EluOptions> = { alpha: 'number' };

/** `x` where it is positive and `alpha (e^x - 1)` elsewhere; at 0 its gradient is alpha. */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkTensors('elu', { x });
  checkKinds('elu', options, ELU_OPTIONS);
  const { alpha = 1 } = options;
  return where(greater(x, 0), x, mul(expm1(minimum(x, 0)), alpha));
}

export interface ClipOptions {
  /** Default: no bound below. */
  readonly min?: Operand;
  /** Default: no bound above. */
  readonly max?: Operand;
}

const CLIP_OPTIONS: Kinds<ClipOptions> = { min: 'operand', max: 'operand' };

/**
 * `min(max(x, options.min), options.max)`, broadcasting; NaN stays. The gradient passes where x is within the bounds or equal to
 * one. Where min is above max, the result is max.
 */
export function clip(x: Tensor, options: ClipOptions = {}): Tensor {
  checkTensors('clip', { x });
  checkKinds('clip', options, CLIP_OPTIONS);
  const { min, max } = options;
  const raised = min === undefined ? x : maximum(x, min);
  return max === undefined ? raised : minimum(raised, max);
}

/** `a + weight (b - a)`, broadcasting. */
export function lerp(a: Tensor, b: Tensor, weight: Operand): Tensor {
  checkTensors('lerp', { a, b });
  return add(a, mul(weight, sub(b, a)));
}
