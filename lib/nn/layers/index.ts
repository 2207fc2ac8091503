export { batchNorm, trainingBatchNorm } from './batchNorm';
export { conv1d, conv2d, convTranspose1d, convTranspose2d } from './convolutions';
export { embedding } from './embedding';
export { linear } from './linear';
export { groupNorm, instanceNorm, layerNorm, rmsNorm } from './norms';
export { sequential } from './sequential';
