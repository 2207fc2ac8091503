import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { cast, greater, mul, zeros } from '../../ops/elementwise/arithmetic';
import { max } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { svdvals } from '../factor/svd';
import { batchOf, checkMatrix } from '../matrices';
import { checkTolerance, toleranceOf } from '../tolerance';

export interface MatrixRankOptions {
  /** Singular values of at most `rtol` times the largest count as 0. Default max(m, n) times the dtype's epsilon, as in NumPy. */
  readonly rtol?: number;
}

const MATRIX_RANK_OPTIONS: Kinds<MatrixRankOptions> = { rtol: 'number' };

/**
 * The number of singular values of matrices a [..., m, n] that are not zero up to rounding, int32 [...].
 *
 * @throws ShapeError or DTypeError unless a holds float matrices; OptionError for a misspelled option or a negative `rtol`;
 *   reading it raises what `svd` raises.
 */
export function matrixRank(a: Tensor, options: MatrixRankOptions = {}): Tensor {
  checkTensors('matrixRank', { a });
  checkKinds('matrixRank', options, MATRIX_RANK_OPTIONS);
  checkMatrix('matrixRank', a);
  const { rtol = toleranceOf(a) } = options;
  checkTolerance('matrixRank', 'rtol', rtol);
  if (a.size === 0) return zeros(batchOf(a), 'int32');
  const s = svdvals(a);
  return sum(cast(greater(s, mul(max(s, { axis: -1, keepDims: true }), rtol)), 'int32'), { axis: -1 });
}
