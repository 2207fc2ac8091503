export { dampen } from './dampen';
export { productNorms, productNormsConvolution } from './productNorms';
export { squareSum, squareSumConvolution } from './squareSum';
