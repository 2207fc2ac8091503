export { concat, stack, type ConcatOptions } from './concat';
export { expandDims, flatten, reshape } from './reshape';
export { identity, stopGradient } from './identity';
export { moveAxis, transpose, type Permutation } from './transpose';
export { pad, type PadOptions } from './pad';
export { slice, split, type SliceOptions, type SplitOptions } from './slice';
