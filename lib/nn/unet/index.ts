export { residualBlock } from './residualBlock';
export { downsample, upsample } from './sampling';
export { spatialAttention } from './spatialAttention';
export { spatialTransformer } from './spatialTransformer';
export { timestepMlp } from './timestep';
