export { DTYPES, type AnyTypedArray, type DType, type FloatDType, type TypedArrayOf } from './dtype';
export { tensor, type NestedNumbers, type TensorOptions } from './create';
export { Tensor, type Progress, type RunOptions, type Spec } from './tensor';
export { Parameters } from './parameters';
export type { Shape } from './shape';
export type { Tree } from './tree';
export { evaluate } from './evaluate';
export { compile, type Compiled } from './compile';
export { keep, tidy } from './tidy';
