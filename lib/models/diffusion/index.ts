export type { Posterior } from './autoencoder';
export { addNoise, velocity, type NoiseSchedule, type PredictionType } from './schedulers/noiseSchedule';
export { loadScheduler, schedulerOf } from './schedulers/load';
export type { Sampler, SamplerOptions, SamplerState, Scheduler } from './schedulers/scheduler';
export { DiffusionPipeline, loadPipeline, type LoadPipelineOptions, type PipelineParts } from './pipeline';
export { denoise, type DenoiseOptions, type DenoisingFunction } from './denoise';
export { sampleLatents, type SampleOptions } from './sample';
