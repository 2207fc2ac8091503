export {
  DTYPES,
  type AnyTypedArray,
  type DType,
  type FloatDType,
  type HalfDType,
  type NumberDType,
  type StoredArray,
  type TypedArrayOf,
  type WideFloatDType,
} from './dtype';
export { tensor, type NestedNumbers, type NumberLike, type TensorOptions } from './create';
export type { FormatOptions } from './text/format';
export { wrap } from './wrap';
export { Tensor, type Progress, type RunOptions, type Spec } from './tensor';
export { Parameters } from './parameters';
export type { Shape } from './shape';
export type { Tree } from './tree';
export { evaluate } from './evaluate';
export type { PlainRun, Profiled, ProfiledRun } from './runOptions';
export { Estimate, estimate, type MachineLimits, type OpCost, type Specs } from './cost/estimate';
export type { Instruction } from './cost/instruction';
export { Profile, type OpTime, type TimedInstruction } from './cost/profile';
export { compile, type Compiled } from './compile';
export { keep, tidy } from './tidy';
