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
 */
export const drawnFrom =
  <O extends object>(
    distribution: (key: Tensor, shape: Shape, options: O & { readonly dtype?: FloatDType }) => Tensor,
    options: O,
  ): Initializer =>
  (key, shape, { dtype = 'float32' }) =>
    distribution(key, shape, { ...options, dtype });

/** The same number everywhere. */
export const filledWith =
  (value: number): Initializer =>
  (_key, shape, { dtype = 'float32' }) =>
    full(shape, value, dtype);

/** All zeros: what biases mostly start with. */
export const zerosInitial: Initializer = filledWith(0);

/** All ones: what gains start with. */
export const onesInitial: Initializer = filledWith(1);

/**
 * Normal with deviation `deviation / sqrt(2 layers)`: GPT-2's start of the weights that write to the residual stream, of
 * which every layer has two (Radford et al. 2019). `deviation` is that of the other weights, 0.02 by default.
 */
export const residualNormal = (layers: number, deviation = 0.02): Initializer =>
  drawnFrom(normal, { deviation: deviation / Math.sqrt(2 * layers) });
