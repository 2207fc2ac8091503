export type { ConvolutionOptions, Padding, Pair, Sides, WindowGeometry, WindowOptions } from './window';
export { avgPool2d, maxPool2d, maxPool2dWithIndices, type PoolOptions } from './pool2d';
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
