import { OptionError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { add, mul, square, sub } from '../elementwise/arithmetic';
import { rsqrt } from '../elementwise/math';
import { mean } from '../reduce/reduce';

// What layer and group normalisation share: rows brought to mean 0 and variance 1, in plain ops.

/** Added to the variance before its root: the value of PyTorch's norms. */
export const DEFAULT_EPS = 1e-5;

const LAST = { axis: -1, keepDims: true } as const;

export interface Standardized {
  readonly normal: Tensor;
  /** `1 / sqrt(variance + eps)` */
  readonly scale: Tensor;
}

/** `(x - mean) / sqrt(variance + eps)` over the last axis. */
export function standardize(x: Tensor, eps: number): Standardized {
  const centred = sub(x, mean(x, LAST));
  const scale = rsqrt(add(mean(square(centred), LAST), eps));
  return { normal: mul(centred, scale), scale };
}

/** The derivative of `standardize` in direction h, `scale (h - mean(h) - normal mean(h normal))`: a symmetric map. */
export function standardizePartial(h: Tensor, { normal, scale }: Standardized): Tensor {
  return mul(scale, sub(sub(h, mean(h, LAST)), mul(normal, mean(mul(h, normal), LAST))));
}

/** Throws unless eps is a finite number that is not negative. */
export function checkEps(where: string, eps: number): void {
  if (!(eps >= 0 && eps < Infinity)) {
    throw new OptionError(`${where}: eps must be a finite number from 0, got ${eps}`);
  }
}
