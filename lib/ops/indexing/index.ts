export { arange, iota, type IotaOptions } from './iota';
export { oneHot } from './oneHot';
export { take, type TakeOptions } from './take';
export { takeAlong } from './takeAlong';
