import { isHalf } from '../graph/dtype';
import type { Tensor } from '../graph/tensor';
import { cast } from './elementwise/arithmetic';

/**
 * A composite of one dtype: for floats of 16 bits it is computed in float32 and rounded once, as a kernel does. In between,
 * squares and sums would leave the range of float16, and bfloat16 would round at every step.
 */
export function inFloat32(fn: (...inputs: Tensor[]) => Tensor, ...inputs: readonly Tensor[]): Tensor {
  const half = inputs.map(({ dtype }) => dtype).find(isHalf);
  if (half === undefined) return fn(...inputs);
  return cast(fn(...inputs.map((x) => cast(x, 'float32'))), half);
}
