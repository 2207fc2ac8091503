import { checkOptions, PalimpsestError, ShapeError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { extent, formatShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { choleskySolve, solveSpd } from '../../linalg';
import { cast, div, mul } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { checkTensors } from '../../graph/call';
import { checkKeyValues, residuals } from './keyValues';
import { lowRankPart, type LowRankPart } from '../part';
import { checkPrior, type Prior } from './response';

export interface RankOneEditOptions {
  /** C, [in, in], symmetric positive definite, or its factor (`factorSpd`). Default: the identity. */
  readonly prior?: Prior;
}

/** One key and the value it shall have. */
export interface KeyValue {
  /** [out, in]. */
  readonly weight: Tensor;
  /** [in]. */
  readonly key: Tensor;
  /** [out]. */
  readonly value: Tensor;
}

/**
 * The change of rank one that makes a linear map answer `v` for `k` exactly and least disturbs keys of second moment C,
 *
 *     D = (v - W k) (C^-1 k)^T / (k^T C^-1 k)
 *
 * (ROME, Meng et al. 2022, Eq. 2). Computed in float64, returned in the weight's dtype.
 *
 * @example
 * const part = await rankOneEdit({ weight, key, value }, { prior: moments.moment() });
 * @throws ShapeError, DTypeError or OptionError; PalimpsestError ERR_VALUE for a key of zeros; ERR_NOT_POSITIVE_DEFINITE; AbortedError.
 */
export async function rankOneEdit(
  { weight, key, value }: KeyValue,
  options: RankOneEditOptions = {},
  run: RunOptions = {},
): Promise<LowRankPart> {
  checkOptions('rankOneEdit', options, ['prior']);
  checkTensors('rankOneEdit', { weight, key, value });
  const { prior } = options;
  checkPrior(prior, extent(weight.shape, 1));
  if (key.shape.length !== 1 || value.shape.length !== 1) {
    const shapes = `${formatShape(key.shape)} and ${formatShape(value.shape)}`;
    throw new ShapeError(`rankOneEdit: a key [in] and a value [out] expected, got ${shapes}`);
  }
  const [keys, values] = [reshape(key, [1, -1]), reshape(value, [1, -1])];
  checkKeyValues('rankOneEdit', { weight, keys, values });
  const k = cast(reshape(key, [-1, 1]), 'float64');
  const whitened = !prior
    ? k
    : 'solve' in prior
      ? choleskySolve(cast(prior.factor, 'float64'), k)
      : solveSpd(cast(prior, 'float64'), k);
  const strength = sum(mul(k, whitened));
  const left = cast(transpose(residuals({ weight, keys, values })), weight.dtype);
  const right = cast(transpose(div(whitened, strength)), weight.dtype);
  await evaluate([left, right, strength], run);
  if (!((await strength.item()) > 0))
    throw new PalimpsestError('ERR_VALUE', 'rankOneEdit: a key that is not zero expected');
  return lowRankPart(left, right);
}
