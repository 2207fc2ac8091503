export { type Adapter, type Targets } from './adapter';
export { lora, type LoraAdapter, type LoraOptions } from './lora';
export { biasOffsets, scalingVectors, type BiasOffsetsOptions, type ScalingVectorsOptions } from './vectors';
