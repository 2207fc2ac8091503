export { adafactor, type AdafactorOptions } from './adafactor';
export { adagrad, type AdagradOptions } from './adagrad';
export { adam, adamw, type AdamOptions } from './adam';
export { weightAverage, type AverageOptions, type AverageState, type WeightAverage } from './average';
export {
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  clipped,
  globalNorm,
  type ClippingOptions,
} from './clipping';
export type { ParameterGroup, ParameterPattern } from './groups';
export {
  fit,
  type CheckpointRule,
  type EvaluationRule,
  type FitOptions,
  type FitResult,
  type FitView,
} from './loop/fit';
export type { FitLoss } from './loop/steps';
export { lbfgs, type LbfgsEnd, type LbfgsOptions, type LbfgsResult } from './lbfgs/lbfgs';
export { lion, type LionOptions } from './lion';
export { blockMask, masked, type Block, type Entries, type Mask } from './mask';
export type { Optimizer, OptimizerState, Schedule, StepOptions } from './optimizer';
export { rmsprop, type RmspropOptions } from './rmsprop';
export {
  constantRate,
  cosineDecay,
  exponentialDecay,
  inverseSqrt,
  linearDecay,
  oneCycle,
  polynomialDecay,
  stepDecay,
  withWarmup,
  type DecayOptions,
  type ExponentialDecayOptions,
  type InverseSqrtOptions,
  type OneCycleOptions,
  type PolynomialDecayOptions,
  type StepDecayOptions,
} from './schedules';
export { sgd, type SgdOptions } from './sgd';
export { crossEntropyLoss, train, type BatchLoss, type StopRule, type TrainOptions } from './train';
