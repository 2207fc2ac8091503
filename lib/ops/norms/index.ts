export { groupNorm, type GroupNormOptions } from './groupNorm';
export { layerNorm, type LayerNormOptions } from './layerNorm';
