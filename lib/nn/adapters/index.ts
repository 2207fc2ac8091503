export { type Adapter, type Targets } from './adapter';
export { lora, type LoraAdapter, type LoraOptions } from './lora';
export { biasOffsets, scalingVectors, type BiasOffsetsOptions, type ScalingVectorsOptions } from './vectors';
export { blockOf, groupNorms } from './groups';
export {
  loadPeft,
  peftLora,
  savePeft,
  type LoadedPeft,
  type PeftLoraOptions,
  type SavePeftOptions,
} from './peftFolder';
export { peftTargets } from './peftTargets';
