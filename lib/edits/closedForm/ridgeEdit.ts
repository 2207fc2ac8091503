import { checkOptions, OptionError, ShapeError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { extent, formatShape, sameShape } from '../../graph/shape';
import { checkTensors } from '../../graph/call';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { cast } from '../../ops/elementwise/arithmetic';
import { transpose } from '../../ops/shape/transpose';
import { checkKeyValues, residuals, type KeyValues } from './keyValues';
import { lowRankPart, type LowRankPart } from '../part';
import { responseTo, type Prior, type SystemPath } from './response';

export interface RidgeEditOptions {
  /**
   * C, [in, in], symmetric positive definite: what the edit must leave alone, as the second moment `E[k k^T]` of the keys that
   * are in use (MEMIT), or that plus the keys of earlier edits. A factor (`factorSpd`) is used as it is, for many edits.
   * Default: the identity, which is ridge regression.
   */
  readonly prior?: Prior;
  /** How much the prior weighs against the keys. Default 1. */
  readonly lambda?: number;
  /** How much each pair weighs, [n], positive. Default 1 each. */
  readonly weights?: Tensor;
  /**
   * `'direct'` factors the [in, in] system, `'woodbury'` an [n, n] one given the prior's factor; the answers are the same.
   * Default: woodbury for a factor or no prior, and where n is less than half of in.
   */
  readonly path?: SystemPath;
}

/**
 * The change of a linear map that answers new values and least disturbs the rest,
 *
 *     min over D of  sum_i w_i |(W + D) k_i - v_i|^2 + lambda tr(D C D^T)
 *     D = R^T diag(w) K (lambda C + K^T diag(w) K)^-1,   R = V - K W^T
 *
 * (MEMIT, Meng et al. 2023, Eq. 14; TIME and UCE are the same with other keys). Solved in float64 whatever the weight is, and
 * returned as rank n: left [out, n], right [n, in], in the weight's dtype.
 *
 * @example
 * const part = await ridgeEdit({ weight, keys, values }, { prior: moments.moment(), lambda: 1e4 });
 * const edited = await new WeightDelta([['mlp.weight', part]]).apply(parameters);
 * @throws ShapeError, DTypeError or OptionError; PalimpsestError ERR_NOT_POSITIVE_DEFINITE for a prior that is not; AbortedError.
 */
export async function ridgeEdit(
  pairs: KeyValues,
  options: RidgeEditOptions = {},
  run: RunOptions = {},
): Promise<LowRankPart> {
  checkOptions('ridgeEdit', options, ['prior', 'lambda', 'weights', 'path']);
  checkKeyValues('ridgeEdit', pairs);
  const { lambda = 1, weights } = options;
  if (!(lambda > 0) || !Number.isFinite(lambda))
    throw new OptionError(`ridgeEdit: lambda must be a positive number, got ${lambda}`);
  const n = extent(pairs.keys.shape, 0);
  if (weights !== undefined) checkTensors('ridgeEdit', { weights });
  if (weights && !sameShape(weights.shape, [n]))
    throw new ShapeError(`ridgeEdit: weights [${n}] expected, got ${formatShape(weights.shape)}`);
  const keys = cast(pairs.keys, 'float64');
  const scales = weights ? cast(weights, 'float64') : undefined;
  const right = await responseTo(keys, { ...options, lambda, weights: scales }, run);
  const { dtype } = pairs.weight;
  const part = lowRankPart(cast(transpose(residuals(pairs)), dtype), cast(right, dtype));
  await evaluate([part.left, part.right], run);
  return part;
}
