export { cummax, cummin, type CumulativeExtremes } from './cummax';
export { cumprod } from './cumprod';
export { cumsum } from './cumsum';
export { linearScan } from './linearScan';
export { logCumSumExp } from './logCumSumExp';
export { type ScanOptions } from './scanAxis';
