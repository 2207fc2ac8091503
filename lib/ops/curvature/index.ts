export { dampen } from './dampen';
export { gatherNorms, gatherSquareSum } from './gatherSums';
export { productNorms, productNormsConvolution } from './productNorms';
export { squareSum, squareSumConvolution } from './squareSum';
