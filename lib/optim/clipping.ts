import { checkOptions, OptionError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { checkTree, mapTree, tensorsOf } from '../graph/tree';
import { add, cast, div, full, maximum, minimum, mul, square } from '../ops/elementwise/arithmetic';
import { sqrt } from '../ops/elementwise/math';
import { sum } from '../ops/reduce/sum';
import { checkOptimizer, type Optimizer } from './optimizer';

/** Keeps the quotient finite when the norm is 0: the value of PyTorch's clip_grad_norm_. */
const TINY = 1e-6;

function checkLimit(where: string, name: string, limit: number): number {
  if (limit > 0 && Number.isFinite(limit)) return limit;
  throw new OptionError(`${where}: ${name} must be a positive number, got ${limit}`);
}

const squaredNorm = (x: Tensor): Tensor => cast(sum(square(x)), 'float64');

/** The Euclidean norm of all tensors of a tree together, float64 without axes; 0 for an empty tree. */
export function globalNorm(tree: unknown): Tensor {
  const squares = tensorsOf(tree).map(squaredNorm);
  return sqrt(squares.reduce((total, part) => add(total, part), full([], 0, 'float64')));
}

/** `min(1, limit / (norm + 1e-6))` */
const shrinkage = (norm: Tensor, limit: number): Tensor => minimum(div(limit, add(norm, TINY)), 1);

/**
 * Gradients scaled down together to a norm of at most `limit`: `g min(1, limit / (norm + 1e-6))` with the norm over all of
 * them, as `clip_grad_norm_` of PyTorch does it.
 * @throws OptionError unless the limit is a positive number.
 */
export function clipByGlobalNorm<P>(
  gradients: P,
  limit: number,
): { readonly gradients: P; readonly norm: Tensor } {
  checkTree('clipByGlobalNorm', gradients);
  checkLimit('clipByGlobalNorm', 'limit', limit);
  const norm = globalNorm(gradients);
  const scale = shrinkage(norm, limit);
  return { gradients: mapTree(gradients, (g) => mul(g, cast(scale, g.dtype))), norm };
}

/** Every gradient scaled down by itself to a norm of at most `limit`. @throws OptionError as `clipByGlobalNorm` does. */
export function clipByNorm<P>(gradients: P, limit: number): P {
  checkTree('clipByNorm', gradients);
  checkLimit('clipByNorm', 'limit', limit);
  return mapTree(gradients, (g) => mul(g, cast(shrinkage(sqrt(squaredNorm(g)), limit), g.dtype)));
}

/** Every entry brought into [-limit, limit]; NaN stays. @throws OptionError as `clipByGlobalNorm` does. */
export function clipByValue<P>(gradients: P, limit: number): P {
  checkTree('clipByValue', gradients);
  checkLimit('clipByValue', 'limit', limit);
  return mapTree(gradients, (g) => maximum(minimum(g, limit), -limit));
}

export interface ClippingOptions {
  /** The largest norm of all gradients together. */
  readonly globalNorm?: number;
  /** The largest norm of the gradient of a parameter. */
  readonly norm?: number;
  /** The largest magnitude of an entry. */
  readonly value?: number;
}

/**
 * An optimiser whose gradients are clipped first: by value, then parameter by parameter, then together, where asked for.
 *
 * @example
 * clipped(adamw(), { globalNorm: 1 });
 * @throws OptionError for a misspelled option or a limit that is not positive.
 */
export function clipped(optimizer: Optimizer, options: ClippingOptions): Optimizer {
  checkOptimizer('clipped', optimizer);
  checkOptions('clipped', options, ['globalNorm', 'norm', 'value']);
  for (const [name, limit] of Object.entries(options)) checkLimit('clipped', name, limit as number);
  const { globalNorm: together, norm, value } = options;
  return {
    init: optimizer.init,
    step: (params, gradients, state, stepOptions) => {
      let g = gradients;
      if (value !== undefined) g = clipByValue(g, value);
      if (norm !== undefined) g = clipByNorm(g, norm);
      if (together !== undefined) g = clipByGlobalNorm(g, together).gradients;
      return optimizer.step(params, g, state, stepOptions);
    },
  };
}
