export { adam, adamw, type AdamOptions } from './adam';
export type { Optimizer, OptimizerState, Schedule, StepOptions } from './optimizer';
export {
  cosineDecay,
  linearDecay,
  stepDecay,
  withWarmup,
  type DecayOptions,
  type StepDecayOptions,
} from './schedules';
export { sgd, type SgdOptions } from './sgd';
export { crossEntropyLoss, train, type BatchLoss, type StopRule, type TrainOptions } from './train';
