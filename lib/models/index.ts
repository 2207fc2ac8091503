export { cnn, type CnnOptions } from './cnn';
export { mlp, type MlpOptions } from './mlp';
export type { InitialOptions } from './architecture';
export type { Model, ModelConfig } from './model';
export { predictor, type Predictor } from './predictor';
export { loadModel, type LoadModelOptions } from './folder';
export { saveModel, type SaveOptions } from './save';
export {
  CheckpointModel,
  type CheckpointParts,
  type ModelOutputs,
  type Network,
  type ParameterShape,
} from './checkpoint/checkpointModel';
export { decoderOf, shiftRight } from './encoderDecoder/decoding';
export type {
  DenoisingInputs,
  EncoderDecoderInputs,
  ImageAndTokenInputs,
  ImageInputs,
  KeyValueCache,
  LatentInputs,
  ModelInputs,
  TokenInputs,
} from './inputs';
export type { Hooks } from './hooks/hooks';
export { run, type HookedOutputs, type HookedRunOptions, type ValuePatch } from './hooks/run';
export type { Json, JsonObject } from './json';
export { Ledger, type LedgerRecord, type WeightsChange } from './ledger';
export type { LedgerEntry } from './ledgerEntry';
export type { OldValues } from './weightChange';
export { loadLedger, writeLedger, type LoadLedgerOptions } from './ledgerFiles';
export * from './generation';
export {
  loadSentenceEncoder,
  type SentenceEncoder,
  type SentenceEncoderOptions,
} from './imported/sentenceEncoder';
export {
  loadFaceNetworks,
  type DetectOptions,
  type FaceDescription,
  type FaceNetworks,
  type FaceNetworksOptions,
} from './imported/faces/faces';
export type { DetectedFace } from './imported/faces/detection';
export type { Box } from './imported/faces/image';
export * from './diffusion';
