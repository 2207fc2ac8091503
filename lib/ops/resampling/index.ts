export { gridSample, type GridSampleOptions } from './gridSample';
export { pixelShuffle, pixelUnshuffle } from './pixelShuffle';
export { resize, type ResizeOptions } from './resize';
