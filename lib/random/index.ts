export { choice, type ChoiceOptions } from './choice';
export { foldKey, key, splitKey } from './key';
export {
  bernoulli,
  normal,
  permutation,
  randomBits,
  randomInteger,
  uniform,
  type BernoulliOptions,
  type NormalOptions,
  type RandomIntegerOptions,
  type UniformOptions,
} from './draw';
export { dropout, type DropoutOptions } from './dropout';
export {
  categorical,
  exponential,
  gumbel,
  laplace,
  rademacher,
  type CategoricalOptions,
  type LocationOptions,
  type RateOptions,
} from './distributions';
export { truncatedNormal, type TruncatedNormalOptions } from './truncatedNormal';
