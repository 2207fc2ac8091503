export { argmax, type ArgmaxOptions } from './argmax';
export { broadcastTo, sum, sumTo, type ReduceOptions } from './sum';
export { logSumExp, max, mean, min, variance, type VarianceOptions } from './reduce';
