import { OptionError } from '../errors';
import type { DType } from '../graph/dtype';
import { extent } from '../graph/shape';
import type { Spec, Tensor } from '../graph/tensor';
import { div, greater, onesLike, zeros } from '../ops/elementwise/arithmetic';
import { abs, where } from '../ops/elementwise/math';

/** The distance from 1 to the next number of a dtype. */
export const epsilonOf = ({ dtype }: Spec): number => EPSILONS[dtype] ?? 2 ** -23;

const EPSILONS: Partial<Record<DType, number>> = { float64: 2 ** -52, float16: 2 ** -10, bfloat16: 2 ** -7 };

/** What counts as zero beside the largest singular value of a matrix: NumPy's rule. */
export const toleranceOf = (a: Spec): number =>
  a.shape.length < 2 ? 0 : Math.max(extent(a.shape, -1), extent(a.shape, -2)) * epsilonOf(a);

/** Throws unless the number can be a tolerance. */
export function checkTolerance(where: string, name: string, value: number): void {
  if (!(value >= 0)) throw new OptionError(`${where}: ${name} must be a number of 0 or more, got ${value}`);
}

/** `1 / x` where |x| exceeds the limit, and 0 elsewhere. */
export function inverseAbove(x: Tensor, limit: Tensor): Tensor {
  const counts = greater(abs(x), limit);
  return where(counts, div(1, where(counts, x, onesLike(x))), zeros([], x.dtype));
}
