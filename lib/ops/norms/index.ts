export {
  batchNorm,
  batchNormFrozen,
  runningStatistics,
  type BatchNormOptions,
  type BatchStatistics,
  type RunningOptions,
} from './batchNorm';
export { groupNorm, instanceNorm, type GroupNormOptions, type InstanceNormOptions } from './groupNorm';
export { layerNorm, type LayerNormOptions } from './layerNorm';
export { rmsNorm, type RmsNormOptions } from './rmsNorm';
