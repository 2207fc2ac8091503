export * from './adapters';
export { loadBalance, type MixtureOfExpertsOptions, type RoutedExperts } from './experts/mixtureOfExperts';
export * from './init';
export {
  layer,
  parameter,
  type Bound,
  type BoundLayer,
  type InitOptions,
  type Layer,
  type LayerParameter,
  type OwnParameter,
  type ParameterSource,
  type Parts,
} from './layer';
export { mergeHeads, splitHeads } from './transformer/heads';
export type { AttentionCall, ScoreOptions } from './transformer/call';
export type { BertBlockOptions } from './transformer/bertBlock';
export type { Activation, FeedForwardOptions } from './transformer/feedForward';
export type { Gpt2BlockOptions } from './transformer/gpt2Block';
export type { LlamaBlockOptions } from './transformer/llamaBlock';
export type { MultiHeadAttentionOptions } from './transformer/multiHeadAttention';
export type { StepsLayer, TransformerBlockOptions } from './transformer/transformerBlock';
export type { BatchNormLayerOptions, TrainedBatch, TrainingBatchNormOptions } from './layers/batchNorm';
export type {
  Conv1dLayerOptions,
  ConvolutionLayer,
  Conv2dLayerOptions,
  ConvTranspose1dLayerOptions,
  ConvTranspose2dLayerOptions,
} from './layers/convolutions';
export type { EmbeddingLayerOptions } from './layers/embedding';
export type { LinearOptions } from './layers/linear';
export type { GroupNormLayerOptions, NormLayerOptions } from './layers/norms';

export type { DownsampleOptions } from './unet/sampling';
export type { ResidualBlockCall, ResidualBlockOptions } from './unet/residualBlock';
export type { SpatialAttentionOptions } from './unet/spatialAttention';
export type { SpatialTransformerOptions } from './unet/spatialTransformer';
export type { Watch } from './watch';
export { timestepEmbedding, type TimestepOptions } from './unet/timestep';

/** Layers: descriptions of parameters with a pure function of them. */
export * as nn from './namespace';
