export { arange, iota, linspace, type IotaOptions, type LinspaceOptions } from './iota';
export { oneHot } from './oneHot';
export { take, type TakeOptions } from './take';
export { takeAlong } from './takeAlong';
