import type { Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { normal, uniform } from '../../random';
import { fansFor, type WeightOptions } from './fans';

/**
 * Normal with deviation `gain sqrt(2 / fanIn)` (He et al. 2015, PyTorch's Kaiming): keeps the scale of activations through
 * relu layers.
 *
 * @example
 * const weight = heNormal(key(0), [256, 784]);
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function heNormal(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, gain } = fansFor('heNormal', shape, options, ['fanIn']);
  return gaussian(key, shape, gain * Math.sqrt(2 / fanIn), options);
}

/** Uniform within `gain sqrt(6 / fanIn)` of 0, of the same deviation as `heNormal`. @throws What `heNormal` throws. */
export function heUniform(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, gain } = fansFor('heUniform', shape, options, ['fanIn']);
  return within(key, shape, gain * Math.sqrt(6 / fanIn), options);
}

/**
 * Normal with deviation `gain sqrt(2 / (fanIn + fanOut))` (Glorot and Bengio 2010, PyTorch's Xavier): keeps the scale of
 * activations and gradients through tanh layers.
 *
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function glorotNormal(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, fanOut, gain } = fansFor('glorotNormal', shape, options, ['fanIn', 'fanOut']);
  return gaussian(key, shape, gain * Math.sqrt(2 / (fanIn + fanOut)), options);
}

/**
 * Uniform within `gain sqrt(6 / (fanIn + fanOut))` of 0, of the same deviation as `glorotNormal`.
 *
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function glorotUniform(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, fanOut, gain } = fansFor('glorotUniform', shape, options, ['fanIn', 'fanOut']);
  return within(key, shape, gain * Math.sqrt(6 / (fanIn + fanOut)), options);
}

/**
 * Normal with deviation `gain / sqrt(fanIn)` (LeCun et al. 1998): keeps the scale of activations through linear layers.
 *
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function lecunNormal(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, gain } = fansFor('lecunNormal', shape, options, ['fanIn']);
  return gaussian(key, shape, gain / Math.sqrt(fanIn), options);
}

/**
 * Uniform within `gain / sqrt(fanIn)` of 0: what PyTorch gives weights and biases of linear and convolution layers. A bias
 * has no fans of its own: pass the weight's `fanIn`.
 *
 * @example
 * const bias = fanInUniform(key(1), [256], { fanIn: 784 });
 * @throws ShapeError for a shape without fans; OptionError for a misspelled option or an impossible fan.
 */
export function fanInUniform(key: Tensor, shape: Shape, options: WeightOptions = {}): Tensor {
  const { fanIn, gain } = fansFor('fanInUniform', shape, options, ['fanIn']);
  return within(key, shape, gain / Math.sqrt(fanIn), options);
}

const within = (key: Tensor, shape: Shape, limit: number, { dtype = 'float32' }: WeightOptions): Tensor =>
  uniform(key, shape, { low: -limit, high: limit, dtype });

const gaussian = (key: Tensor, shape: Shape, deviation: number, { dtype }: WeightOptions): Tensor =>
  normal(key, shape, { deviation, dtype: dtype ?? 'float32' });
