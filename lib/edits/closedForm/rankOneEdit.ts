import { PalimpsestError, ShapeError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { formatShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { solveSpd, type SpdFactor } from '../../linalg';
import { cast, div, mul } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { checkKeyValues, residuals } from './keyValues';
import { lowRankPart, type LowRankPart } from '../part';

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
 * @param prior C, [in, in], or its factor. Default: the identity.
 * @throws ShapeError or DTypeError; PalimpsestError ERR_VALUE for a key of zeros; ERR_NOT_POSITIVE_DEFINITE; AbortedError.
 */
export async function rankOneEdit(
  { weight, key, value }: KeyValue,
  { prior }: { readonly prior?: Tensor | SpdFactor } = {},
  run: RunOptions = {},
): Promise<LowRankPart> {
  if (key.shape.length !== 1 || value.shape.length !== 1) {
    const shapes = `${formatShape(key.shape)} and ${formatShape(value.shape)}`;
    throw new ShapeError(`rankOneEdit: a key [in] and a value [out] expected, got ${shapes}`);
  }
  const [keys, values] = [reshape(key, [1, -1]), reshape(value, [1, -1])];
  checkKeyValues('rankOneEdit', { weight, keys, values });
  const k = cast(reshape(key, [-1, 1]), 'float64');
  const whitened = !prior ? k : 'solve' in prior ? prior.solve(k) : solveSpd(cast(prior, 'float64'), k);
  const strength = sum(mul(k, whitened));
  const left = cast(transpose(residuals({ weight, keys, values })), weight.dtype);
  const right = cast(transpose(div(whitened, strength)), weight.dtype);
  await evaluate([left, right, strength], run);
  if (!((await strength.item()) > 0))
    throw new PalimpsestError('ERR_VALUE', 'rankOneEdit: a key that is not zero expected');
  return lowRankPart(left, right);
}
