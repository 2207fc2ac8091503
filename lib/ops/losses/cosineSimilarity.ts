import { OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { div, maximum, mul, square } from '../elementwise/arithmetic';
import { sqrt } from '../elementwise/math';
import { checkFloats } from '../floats';
import { inFloat32 } from '../inFloat32';
import { sum } from '../reduce/sum';

export interface CosineSimilarityOptions {
  /** The axis of the vectors' components. Default -1. */
  readonly axis?: number;
  /** No norm counts as less than this, so that zero vectors have similarity 0. Default 1e-8, as in PyTorch. */
  readonly eps?: number;
}

const COSINE_SIMILARITY_OPTIONS: Kinds<CosineSimilarityOptions> = { axis: 'number', eps: 'number' };

/**
 * The cosine of the angle between vectors along one axis, `sum(a b) / (max(|a|, eps) max(|b|, eps))`; the others broadcast.
 *
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless both have one float dtype; OptionError unless eps
 *   is positive.
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options: CosineSimilarityOptions = {}): Tensor {
  checkTensors('cosineSimilarity', { a, b });
  checkKinds('cosineSimilarity', options, COSINE_SIMILARITY_OPTIONS);
  const { axis = -1, eps = 1e-8 } = options;
  if (!(eps > 0 && eps < Infinity))
    throw new OptionError(`cosineSimilarity: eps must be positive, got ${eps}`);
  checkFloats('cosineSimilarity', a, b);
  const norm = (x: Tensor): Tensor => sqrt(maximum(sum(square(x), { axis }), eps * eps));
  return inFloat32((x, y) => div(sum(mul(x, y), { axis }), mul(norm(x), norm(y))), a, b);
}
