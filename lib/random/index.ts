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
