export type { WriteOptions } from './atomicWrite';
export type { HostTensor } from './tensorBytes';
export { readSafetensors, SafetensorsFile, type SafetensorsEntry } from './safetensors';
export { writeSafetensors, type SafetensorsWriteOptions } from './writeSafetensors';
export { writeChromeTrace } from './chromeTrace';
