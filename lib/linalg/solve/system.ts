import { ShapeError } from '../../errors';
import type { ExampleAxis } from '../../graph/exampleAxis';
import type { AxisUse } from '../../graph/op';
import { broadcastShapes, extent, formatShape, sameShape, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { agreedAxis } from '../../ops/agreedAxis';
import { checkFloats } from '../../ops/floats';
import { broadcastTo } from '../../ops/reduce/sum';
import { reshape } from '../../ops/shape/reshape';
import { moveAxis } from '../../ops/shape/transpose';
import { batchOf, checkSquare } from '../matrices';

/** Checks T [n, n] with Y [n, k], or both with the same leading axes. */
export function checkSystem(where: string, t: Spec, y: Spec): void {
  checkFloats(where, t, y);
  checkSquare(where, t);
  const fits = extent(y.shape, -2) === extent(t.shape, -1) && sameShape(batchOf(t), batchOf(y));
  if (y.shape.length < 2 || !fits) {
    throw new ShapeError(
      `${where}: matrices [..., n, n] and right sides [..., n, k] expected, got ${formatShape(t.shape)} and ` +
        formatShape(y.shape),
    );
  }
}

/**
 * Examples are matrices of the batch with their right sides, or columns of the right side of one shared matrix, which is
 * input number `matrix`.
 */
export const exampleAxisOfSystem =
  (matrix: number) =>
  (use: AxisUse<object>): ExampleAxis => {
    const axis = agreedAxis(use);
    const rank = use.outputs[0].shape.length;
    const isColumn = axis.axis === rank - 1 && !use.axes[matrix];
    return axis.axis < rank - 2 || isColumn ? axis : use.mixes('the examples are rows of its matrices');
  };

/**
 * Brings matrices [..., n, n] and right sides [..., n, k] or [n] into the form that `solve` takes: both with the same leading
 * axes, or one matrix [n, n] with all right sides in the columns of one matrix. The result has the form of the right sides.
 */
export function withMatrixColumns(
  where: string,
  a: Tensor,
  y: Tensor,
  solve: (a: Tensor, y: Tensor) => Tensor,
): Tensor {
  checkSquare(where, a);
  const n = extent(a.shape, -1);
  if (y.shape.length === 1) {
    const column = withMatrixColumns(where, a, reshape(y, [extent(y.shape, 0), 1]), solve);
    return reshape(column, column.shape.slice(0, -1));
  }
  if (y.shape.length === 0 || extent(y.shape, -2) !== n) {
    throw new ShapeError(
      `${where}: right sides [..., ${n}, k] or [${n}] expected for matrices ${formatShape(a.shape)}, got ` +
        formatShape(y.shape),
    );
  }
  if (a.shape.length === 2 && y.shape.length > 2) {
    const rowsFirst = moveAxis(y, -2, 0);
    const columns = reshape(rowsFirst, [n, sizeOf(rowsFirst.shape.slice(1))]);
    return moveAxis(reshape(solve(a, columns), rowsFirst.shape), 0, -2);
  }
  const batch = broadcastShapes(where, [batchOf(a), batchOf(y)]);
  return solve(broadcastTo(a, [...batch, n, n]), broadcastTo(y, [...batch, n, extent(y.shape, -1)]));
}
