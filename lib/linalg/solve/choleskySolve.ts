import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { stacked } from '../matrices';
import { checkSystem, exampleAxisOfSystem, withMatrixColumns } from './system';
import { triangularSolve } from './triangularSolve';

const choleskySolveOp = defineOp('choleskySolve', {
  infer: ([l, y]) => {
    checkSystem('choleskySolve', l, y);
    return { shape: y.shape, dtype: y.dtype };
  },
  lower: {
    kernel: 'choleskySolve',
    views: (_attributes, [l, y]) => ({ inputs: [stacked(l), stacked(y)], outputs: [stacked(y)] }),
  },
  flops: ([l], [x]) => 2 * sizeOf(x.shape) * extent(l.shape, -1),
  // X = L^-T L^-1 Y
  decompose: ([l, y]) => triangularSolve(l, triangularSolve(l, y), { transposed: true }),
  example: { axis: exampleAxisOfSystem(0) },
});

/**
 * X of `L L^T X = Y`, given the factor l [..., n, n] that `cholesky` made, for right sides y [..., n, k] or [n]; leading axes
 * broadcast. Only the lower triangle of l is read.
 *
 * @throws ShapeError or DTypeError when the shapes or dtypes do not fit; reading it raises ERR_SINGULAR for a zero on the
 *   diagonal.
 */
export function choleskySolve(l: Tensor, y: Tensor): Tensor {
  checkTensors('choleskySolve', { l, y });
  return withMatrixColumns('choleskySolve', l, y, (factor, right) =>
    single(choleskySolveOp([factor, right], {})),
  );
}
