export { dampen } from './dampen';
export type { ConvolutionUse } from './gradientFactors';
export { gatherNorms, gatherSquareSum } from './gatherSums';
export { productNorms, productNormsConvolution } from './productNorms';
export { squareSum, squareSumConvolution } from './squareSum';
