import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { div, mul, square } from '../../ops/elementwise/arithmetic';
import { abs, sqrt } from '../../ops/elementwise/math';
import { max, min } from '../../ops/reduce/reduce';
import { rootOrZero } from '../../ops/reduce/rootOrZero';
import { sum } from '../../ops/reduce/sum';
import { svdvals } from '../factor/svd';
import { checkMatrix, checkSquare } from '../matrices';
import { inverse } from '../solve/solve';

/** Which norm of a matrix: of its entries, its singular values, or its columns (1) and rows (Infinity). */
export type MatrixNormOrder = 'fro' | 'nuclear' | 'spectral' | number;

export interface MatrixNormOptions {
  /**
   * `fro`: root of the sum of squares; `nuclear` and `spectral`: sum and largest of the singular values; 1 and Infinity:
   * largest sum of absolute values of a column and of a row. Default `fro`, as in NumPy.
   */
  readonly order?: MatrixNormOrder;
}

const MATRIX_NORM_OPTIONS: Kinds<MatrixNormOptions> = { order: 'any' };

/**
 * Norms [...] of matrices a [..., m, n]. The gradient of the Frobenius norm of a zero matrix is zero.
 *
 * @throws ShapeError or DTypeError unless a holds float matrices, for all but `fro` and `nuclear` not empty ones; OptionError
 *   for an unknown order; for `nuclear` and `spectral`, reading it raises what `svd` raises.
 */
export function matrixNorm(a: Tensor, options: MatrixNormOptions = {}): Tensor {
  checkTensors('matrixNorm', { a });
  checkKinds('matrixNorm', options, MATRIX_NORM_OPTIONS);
  checkMatrix('matrixNorm', a);
  const { order = 'fro' } = options;
  if (order === 'fro') return frobenius(a);
  if (order === 'nuclear') return sum(svdvals(a), { axis: -1 });
  if (extent(a.shape, -1) * extent(a.shape, -2) === 0)
    throw new ShapeError(`matrixNorm: matrices with entries expected, got shape ${formatShape(a.shape)}`);
  if (order === 'spectral') return max(svdvals(a), { axis: -1 });
  if (order === 1) return max(sum(abs(a), { axis: -2 }), { axis: -1 });
  if (order === Infinity) return max(sum(abs(a), { axis: -1 }), { axis: -1 });
  throw new OptionError(
    `matrixNorm: order must be 'fro', 'nuclear', 'spectral', 1 or Infinity, got ${String(order)}`,
  );
}

const frobenius = (a: Tensor): Tensor => rootOrZero(sum(square(a), { axis: [-2, -1] }), sqrt);

export interface CondOptions {
  /** The norm that `|A| |A^-1|` is taken in. Default `spectral`: the ratio of the largest and the smallest singular value. */
  readonly order?: MatrixNormOrder;
}

const COND_OPTIONS: Kinds<CondOptions> = { order: 'any' };

/**
 * Condition numbers [...] of matrices a, [..., m, n] for the default order and [..., n, n] for the others: how much relative
 * errors may grow when solving with them. Infinite for a matrix with a singular value of zero.
 *
 * @throws ShapeError, DTypeError and OptionError as `matrixNorm`; for orders other than `spectral`, reading it raises
 *   ERR_SINGULAR for a singular matrix.
 */
export function cond(a: Tensor, options: CondOptions = {}): Tensor {
  checkTensors('cond', { a });
  checkKinds('cond', options, COND_OPTIONS);
  const { order = 'spectral' } = options;
  if (order === 'spectral') {
    checkMatrix('cond', a);
    const s = svdvals(a);
    return div(max(s, { axis: -1 }), min(s, { axis: -1 }));
  }
  checkSquare('cond', a);
  return mul(matrixNorm(a, { order }), matrixNorm(inverse(a), { order }));
}
