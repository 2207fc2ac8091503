export { cnn, type CnnOptions } from './cnn';
export { mlp, type MlpOptions } from './mlp';
export type { InitialOptions } from './architecture';
export type { Model, ModelConfig } from './model';
export { predictor, type Predictor } from './predictor';
export { loadModel, saveModel, type SaveOptions } from './folder';
export { Ledger, type LedgerRecord, type WeightsChange } from './ledger';
export type { LedgerEntry } from './ledgerEntry';
export type { OldValues } from './weightChange';
export { loadLedger, writeLedger, type LoadLedgerOptions } from './ledgerFiles';
export {
  loadSentenceEncoder,
  type SentenceEncoder,
  type SentenceEncoderOptions,
} from './imported/sentenceEncoder';
