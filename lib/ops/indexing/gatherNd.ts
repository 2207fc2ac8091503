import { PalimpsestError, ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { checkShape, extent, formatShape, sizeOf, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { broadcastTo } from '../reduce/sum';
import { reshape } from '../shape/reshape';
import { flatIndex } from './flatIndex';
import { take, takeGrad } from './take';

/** The axes that coordinates reach, and those behind them. */
function reached(
  where: string,
  shape: Shape,
  indices: Tensor,
): { readonly outer: Shape; readonly inner: Shape } {
  const depth = indices.shape.length === 0 ? 0 : extent(indices.shape, -1);
  if (indices.shape.length === 0 || depth > shape.length) {
    throw new ShapeError(
      `${where}: indices [..., k] with at most ${shape.length} coordinates expected, got ${formatShape(indices.shape)}`,
    );
  }
  const [outer, inner] = [shape.slice(0, depth), shape.slice(depth)];
  if (sizeOf(outer) >= 2 ** 31)
    throw new PalimpsestError('ERR_SIZE', `${where}: more than 2^31 places in ${formatShape(outer)}`);
  return { outer, inner };
}

/**
 * Slices by coordinates: `y[..., :] = x[indices[..., 0], ..., indices[..., k - 1], :]` for int32 indices [..., k], which name
 * an entry of each of the first k axes. Reading it raises ERR_INDEX for a coordinate outside its axis.
 *
 * @throws ShapeError for more coordinates than axes; DTypeError unless the indices are int32.
 */
export function gatherNd(x: Tensor, indices: Tensor): Tensor {
  checkTensors('gatherNd', { x, indices });
  const { outer, inner } = reached('gatherNd', x.shape, indices);
  return take(reshape(x, [sizeOf(outer), ...inner]), flatIndex('gatherNd', indices, outer));
}

/**
 * The transposed map of `gatherNd`: values added at coordinates of a tensor of zeros of the given shape,
 * `y[indices[..., 0], ..., indices[..., k - 1], :] += values[..., :]`, in a fixed order. The values broadcast.
 *
 * @throws ShapeError for more coordinates than axes or values that do not broadcast; DTypeError unless the values are floats
 *   and the indices int32.
 */
export function scatterNd(indices: Tensor, values: Tensor, shape: Shape): Tensor {
  checkTensors('scatterNd', { indices, values });
  checkShape('scatterNd', shape);
  const { outer, inner } = reached('scatterNd', shape, indices);
  const rows = flatIndex('scatterNd', indices, outer);
  return reshape(takeGrad(broadcastTo(values, [...rows.shape, ...inner]), rows, sizeOf(outer)), shape);
}
