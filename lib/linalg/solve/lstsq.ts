import { ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { sub } from '../../ops/elementwise/arithmetic';
import { square } from '../../ops/elementwise/arithmetic';
import { checkFloats } from '../../ops/floats';
import { matmul } from '../../ops/products/matmul';
import { sum } from '../../ops/reduce/sum';
import { reshape } from '../../ops/shape/reshape';
import { matrixRank } from '../functions/matrixRank';
import { checkMatrix } from '../matrices';
import { pinv } from './pinv';

export interface LstsqOptions {
  /** Singular values of at most `rtol` times the largest count as 0. Default max(m, n) times the dtype's epsilon. */
  readonly rtol?: number;
}

const LSTSQ_OPTIONS: Kinds<LstsqOptions> = { rtol: 'number' };

export interface Lstsq {
  /** X [..., n, k], or [n] for one right side. */
  readonly solution: Tensor;
  /** The sums of squares [..., k] of `Y - A X`, or a scalar for one right side. */
  readonly residuals: Tensor;
  /** The rank of each matrix, int32 [...]. */
  readonly rank: Tensor;
}

/**
 * The X that minimises `|A X - Y|^2` for matrices a [..., m, n] and right sides y [..., m, k] or [m], and among those the
 * shortest, so that any rank will do; leading axes broadcast. By the pseudo-inverse, through which it can be differentiated
 * where the rank does not change.
 *
 * @throws ShapeError or DTypeError when the shapes or dtypes do not fit; OptionError for a misspelled option; reading it raises
 *   what `svd` raises.
 */
export function lstsq(a: Tensor, y: Tensor, options: LstsqOptions = {}): Lstsq {
  checkTensors('lstsq', { a, y });
  checkKinds('lstsq', options, LSTSQ_OPTIONS);
  checkMatrix('lstsq', a);
  checkFloats('lstsq', a, y);
  if (y.shape.length === 1) {
    const { solution, residuals, rank } = lstsq(a, reshape(y, [...y.shape, 1]), options);
    const without = (x: Tensor): Tensor => reshape(x, x.shape.slice(0, -1));
    return { solution: without(solution), residuals: without(residuals), rank };
  }
  if (y.shape.length === 0 || extent(y.shape, -2) !== extent(a.shape, -2)) {
    throw new ShapeError(
      `lstsq: right sides [..., m, k] or [m] expected for matrices ${formatShape(a.shape)}, got ${formatShape(y.shape)}`,
    );
  }
  const solution = matmul(pinv(a, options), y);
  return {
    solution,
    residuals: sum(square(sub(y, matmul(a, solution))), { axis: -2 }),
    rank: matrixRank(a, options),
  };
}
