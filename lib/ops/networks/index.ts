export type { ConvolutionOptions, Pair, WindowOptions } from './window';
export { avgPool2d, maxPool2d, maxPool2dWithIndices, type PoolOptions } from './pool2d';
export { conv2d, conv2dInputGrad, conv2dWeightGrad, type InputGradOptions } from './conv2d';
export { fold, unfold, type FoldOptions } from './unfold';
export { logSoftmax, softmax, type SoftmaxOptions } from './softmax';
