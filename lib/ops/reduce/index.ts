export { all, any, countNonzero } from './logical';
export { argmax, argmin, type ArgmaxOptions } from './argmax';
export { norm, type NormOptions } from './norm';
export { prod } from './prod';
export { logSumExp, max, mean, min, std, variance, type VarianceOptions } from './reduce';
export { broadcastTo, sum, sumTo, type ReduceOptions } from './sum';
