import { checkOptions, OptionError, PalimpsestError, ShapeError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { extent, formatShape, sameShape } from '../../graph/shape';
import { checkTensors } from '../../graph/call';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { cast } from '../../ops/elementwise/arithmetic';
import { transpose } from '../../ops/shape/transpose';
import { checkKeyValues, residuals, type KeyValues, type Precision } from './keyValues';
import { lowRankPart, type LowRankPart } from '../part';
import { checkPrior, responseTo, type Prior, type SystemPath } from './response';

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
  /**
   * What the system is made and solved in. Default: float64 where the weight, keys, values, pairs' weights or prior are (the
   * moments of `secondMoments` are), and otherwise float32, which is twice as fast and loses as many digits as the system's
   * condition has; a system that it cannot factor is solved in float64 after all.
   */
  readonly precision?: Precision;
}

/**
 * The change of a linear map that answers new values and least disturbs the rest,
 *
 *     min over D of  sum_i w_i |(W + D) k_i - v_i|^2 + lambda tr(D C D^T)
 *     D = R^T diag(w) K (lambda C + K^T diag(w) K)^-1,   R = V - K W^T
 *
 * (MEMIT, Meng et al. 2023, Eq. 14; TIME and UCE are the same with other keys). Returned as rank n: left [out, n],
 * right [n, in], in the weight's dtype.
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
  checkOptions('ridgeEdit', options, ['prior', 'lambda', 'weights', 'path', 'precision']);
  checkKeyValues('ridgeEdit', pairs);
  const { lambda = 1, weights, prior, precision } = options;
  if (!(lambda > 0) || !Number.isFinite(lambda))
    throw new OptionError(`ridgeEdit: lambda must be a positive number, got ${lambda}`);
  const n = extent(pairs.keys.shape, 0);
  if (weights !== undefined) checkTensors('ridgeEdit', { weights });
  if (weights && !sameShape(weights.shape, [n]))
    throw new ShapeError(`ridgeEdit: weights [${n}] expected, got ${formatShape(weights.shape)}`);
  checkPrior(prior, extent(pairs.keys.shape, 1));
  const known: readonly unknown[] = ['float32', 'float64', undefined];
  if (!known.includes(precision))
    throw new OptionError(`precision: 'float32' or 'float64' expected, got '${String(precision)}'`);
  const given = prior && ('solve' in prior ? prior.factor : prior);
  const operands = [pairs.weight, pairs.keys, pairs.values, weights, given];
  const isWide = operands.some((operand) => operand?.dtype === 'float64');
  const solved = (dtype: Precision): Promise<LowRankPart> =>
    solvedIn(dtype, pairs, { ...options, lambda }, run);
  if (precision !== undefined || isWide) return solved(precision ?? 'float64');
  try {
    return await solved('float32');
  } catch (error) {
    if (!(error instanceof PalimpsestError) || error.code !== 'ERR_NOT_POSITIVE_DEFINITE') throw error;
    return await solved('float64');
  }
}

async function solvedIn(
  precision: Precision,
  pairs: KeyValues,
  { weights, ...options }: RidgeEditOptions & { readonly lambda: number },
  run: RunOptions,
): Promise<LowRankPart> {
  const keys = cast(pairs.keys, precision);
  const right = responseTo(keys, { ...options, weights: weights && cast(weights, precision) });
  const { dtype } = pairs.weight;
  const part = lowRankPart(cast(transpose(residuals(pairs, precision)), dtype), cast(right, dtype));
  await evaluate([part.left, part.right], run);
  return part;
}
