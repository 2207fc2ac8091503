import { checkOptions, OptionError, ShapeError } from '../errors';
import type { FloatDType } from '../graph/dtype';
import { formatShape, sizeOf, type Shape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { normal, uniform } from '../random';

/** How many numbers enter an output of a layer, and how many outputs an input enters. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * The fans of a weight in PyTorch's layouts, [out, in] or [out, in, ...kernel]: every output reads `in` times the kernel.
 * @throws ShapeError for fewer than two axes.
 */
export function fansOf(shape: Shape): Fans {
  const [outputs, inputs, ...kernel] = shape;
  if (outputs === undefined || inputs === undefined) {
    throw new ShapeError(
      `fansOf: a weight [out, in, ...kernel] expected, got ${formatShape(shape)}; give the fans`,
    );
  }
  return { fanIn: inputs * sizeOf(kernel), fanOut: outputs * sizeOf(kernel) };
}

export interface WeightOptions extends Partial<Fans> {
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/** The fans that were given, or those of the shape; each at least 1. */
function fansFor(where: string, shape: Shape, options: WeightOptions, needed: readonly (keyof Fans)[]): Fans {
  checkOptions(where, options, ['fanIn', 'fanOut', 'dtype']);
  const isGiven = needed.every((name) => options[name] !== undefined);
  const { fanIn, fanOut } = { ...(isGiven ? { fanIn: 1, fanOut: 1 } : fansOf(shape)), ...options };
  for (const fan of [fanIn, fanOut]) {
    if (!(Number.isSafeInteger(fan) && fan > 0)) {
      throw new OptionError(`${where}: fans must be positive integers, got ${fan} for ${formatShape(shape)}`);
    }
  }
  return { fanIn, fanOut };
}

/**
 * Normal with deviation `sqrt(2 / fanIn)` (He et al. 2015): keeps the scale of activations through relu layers.
 *
 * @example
 * const weight = heNormal(key(0), [256, 784]);
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function heNormal(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn } = fansFor('heNormal', shape, options, ['fanIn']);
  return normal(key, shape, { deviation: Math.sqrt(2 / fanIn), dtype: options.dtype ?? 'float32' });
}

/**
 * Uniform within `sqrt(6 / (fanIn + fanOut))` of 0 (Glorot and Bengio 2010): keeps the scale of activations and gradients
 * through tanh layers.
 *
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function glorotUniform(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, fanOut } = fansFor('glorotUniform', shape, options, ['fanIn', 'fanOut']);
  return within(key, shape, Math.sqrt(6 / (fanIn + fanOut)), options);
}

/**
 * Uniform within `1 / sqrt(fanIn)` of 0: what PyTorch gives weights and biases of linear and convolution layers. A bias
 * has no fans of its own: pass the weight's `fanIn`.
 *
 * @example
 * const bias = fanInUniform(key(1), [256], { fanIn: 784 });
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function fanInUniform(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn } = fansFor('fanInUniform', shape, options, ['fanIn']);
  return within(key, shape, 1 / Math.sqrt(fanIn), options);
}

const within = (key: Tensor, shape: Shape, limit: number, { dtype = 'float32' }: WeightOptions): Tensor =>
  uniform(key, shape, { low: -limit, high: limit, dtype });
