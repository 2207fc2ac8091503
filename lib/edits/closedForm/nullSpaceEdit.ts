import { checkOptions, OptionError, ShapeError } from '../../errors';
import { evaluate } from '../../graph/evaluate';
import { checkTensors } from '../../graph/call';
import { extent, formatShape, sameShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { add, cast, mul } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { eye } from '../../ops/shape/triangle';
import { transpose } from '../../ops/shape/transpose';
import { checkKeyValues, residuals, type KeyValues } from './keyValues';
import { basisOf, type NullSpace } from './nullSpace';
import { lowRankPart, type LowRankPart } from '../part';
import { responseTo } from './response';

export interface NullSpaceEditOptions {
  /** Weight of `|D|^2`. Default 1, as AlphaEdit's code has it. */
  readonly lambda?: number;
  /** `sum k k^T` of the keys of earlier edits, [in, in], which the edit leaves alone. Default: none. */
  readonly earlier?: Tensor;
}

/**
 * The change inside a null space that answers new values: with P = U U^T and earlier keys K_p,
 *
 *     D = R^T K P (K_p^T K_p P + K^T K P + lambda I)^-1
 *
 * (AlphaEdit, Fang et al. 2025, Eq. 14), solved as a symmetric system in the coordinates of U. Keys outside the null space get
 * the same answers as before.
 * @throws ShapeError, DTypeError, OptionError; AbortedError.
 */
export async function nullSpaceEdit(
  pairs: KeyValues,
  space: NullSpace,
  options: NullSpaceEditOptions = {},
  run: RunOptions = {},
): Promise<LowRankPart> {
  checkOptions('nullSpaceEdit', options, ['lambda', 'earlier']);
  checkKeyValues('nullSpaceEdit', pairs);
  const basis = basisOf('nullSpaceEdit', space);
  const width = extent(pairs.weight.shape, 1);
  if (extent(basis.shape, 0) !== width)
    throw new ShapeError(`nullSpaceEdit: a basis [${width}, r] expected, got ${formatShape(basis.shape)}`);
  const { lambda = 1, earlier } = options;
  if (!(lambda > 0) || !Number.isFinite(lambda))
    throw new OptionError(`nullSpaceEdit: lambda must be a positive number, got ${lambda}`);
  if (earlier !== undefined) checkTensors('nullSpaceEdit', { earlier });
  if (earlier && !sameShape(earlier.shape, [width, width]))
    throw new ShapeError(
      `nullSpaceEdit: earlier [${width}, ${width}] expected, got ${formatShape(earlier.shape)}`,
    );
  // U^T (K_p^T K_p + K^T K + lambda I) U is symmetric, unlike the matrix of the paper, and as small as the null space.
  const inside = matmul(cast(pairs.keys, 'float64'), basis);
  const prior =
    earlier && add(matmul(matmul(transpose(basis), cast(earlier, 'float64')), basis), ridge(basis, lambda));
  const response = responseTo(inside, prior ? { prior, lambda: 1 } : { lambda });
  const { dtype } = pairs.weight;
  const left = cast(transpose(residuals(pairs)), dtype);
  const right = cast(matmul(response, transpose(basis)), dtype);
  await evaluate([left, right], run);
  return lowRankPart(left, right);
}

const ridge = (basis: Tensor, lambda: number): Tensor =>
  mul(eye(extent(basis.shape, 1), { dtype: 'float64' }), lambda);
