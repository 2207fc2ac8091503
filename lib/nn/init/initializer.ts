import { checkFunction, describe, OptionError } from '../../errors';
import type { FloatDType } from '../../graph/dtype';
import type { Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { full } from '../../ops/elementwise/arithmetic';
import { normal } from '../../random';

/**
 * How a parameter starts: a tensor of this shape and dtype from a key. The distributions of `palimpsest` (`normal`,
 * `uniform`, `truncatedNormal`, `orthogonal`, `heNormal`, ...) are initialisers as they are.
 */
export type Initializer = (key: Tensor, shape: Shape, options: { readonly dtype?: FloatDType }) => Tensor;

/**
 * A distribution with its options set, as an initialiser.
 *
 * @example
 * nn.linear(256, 10, { initialWeight: drawnFrom(truncatedNormal, { deviation: 0.02 }) });
 * @throws PalimpsestError ERR_ARGUMENT without a distribution; OptionError without options; what the distribution throws.
 */
export function drawnFrom<O extends object>(
  distribution: (key: Tensor, shape: Shape, options: O & { readonly dtype?: FloatDType }) => Tensor,
  options: O,
): Initializer {
  checkFunction('drawnFrom', distribution, 'a distribution');
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new OptionError(`drawnFrom: an object of options expected, got ${describe(given)}`);
  return (key, shape, { dtype = 'float32' }) => distribution(key, shape, { ...options, dtype });
}

/** The same number everywhere. @throws OptionError for a value that is not finite. */
export function filledWith(value: number): Initializer {
  if (!Number.isFinite(value))
    throw new OptionError(`filledWith: a finite number expected, got ${String(value)}`);
  return (_key, shape, { dtype = 'float32' }) => full(shape, value, dtype);
}

/** All zeros: what biases mostly start with. */
export const zerosInitial: Initializer = filledWith(0);

/** All ones: what gains start with. */
export const onesInitial: Initializer = filledWith(1);

/**
 * Normal with deviation `deviation / sqrt(2 layers)`: GPT-2's start of the weights that write to the residual stream, of
 * which every layer has two (Radford et al. 2019). `deviation` is that of the other weights, 0.02 by default.
 * @throws OptionError unless `layers` is a positive integer and `deviation` a positive number.
 */
export function residualNormal(layers: number, deviation = 0.02): Initializer {
  if (!Number.isSafeInteger(layers) || layers < 1)
    throw new OptionError(`residualNormal: layers must be a positive integer, got ${String(layers)}`);
  if (!(Number.isFinite(deviation) && deviation > 0))
    throw new OptionError(`residualNormal: deviation must be a positive number, got ${String(deviation)}`);
  return drawnFrom(normal, { deviation: deviation / Math.sqrt(2 * layers) });
}
