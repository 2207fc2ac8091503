export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyOptions,
} from './binaryCrossEntropy';
export { cosineSimilarity, type CosineSimilarityOptions } from './cosineSimilarity';
export { klDivergence, type KlDivergenceOptions } from './klDivergence';
export { nllLoss, type NllLossOptions } from './nllLoss';
export type { LossOptions, Reduction } from './reduction';
export {
  huberLoss,
  l1Loss,
  mseLoss,
  smoothL1Loss,
  type HuberLossOptions,
  type SmoothL1LossOptions,
} from './regression';
export { softmaxCrossEntropy, type CrossEntropyOptions } from './softmaxCrossEntropy';
