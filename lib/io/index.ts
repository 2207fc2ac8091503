export type { WriteOptions } from './atomicWrite';
export type { HostTensor } from './tensorBytes';
export {
  fromExchange,
  toExchange,
  type ArrayLikeTensor,
  type Exchangeable,
  type ExchangeOptions,
  type OnnxTensorLike,
  type TfTensorLike,
} from './exchange';
export { readSafetensors, SafetensorsFile, type SafetensorsEntry } from './safetensors';
export { writeSafetensors, type SafetensorsWriteOptions } from './writeSafetensors';
export { writeChromeTrace } from './chromeTrace';
export { decodeTfjsModel, readTfjsModel, type TfjsModel } from './tfjs/model';
