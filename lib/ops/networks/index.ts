export type { ConvolutionOptions, Padding, Pair, Sides, WindowGeometry, WindowOptions } from './window';
export { adaptiveAvgPool, adaptiveMaxPool, globalAvgPool, globalMaxPool } from './adaptivePool';
export { avgPool1d, maxPool1d, type AvgPool1dOptions, type Pool1dOptions } from './pool1d';
export { avgPool2d, maxPool2d, maxPool2dWithIndices, type AvgPoolOptions, type PoolOptions } from './pool2d';
export {
  conv1d,
  convTranspose1d,
  type Conv1dOptions,
  type ConvTranspose1dOptions,
  type SequencePadding,
} from './conv1d';
export { convTranspose2d, type ConvTranspose2dOptions } from './convTranspose2d';
export {
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  type Conv2dOptions,
  type InputGradOptions,
  type WeightGradOptions,
} from './conv2d';
export { fold, unfold, type FoldOptions } from './unfold';
export { logSoftmax, softmax, type SoftmaxOptions } from './softmax';
