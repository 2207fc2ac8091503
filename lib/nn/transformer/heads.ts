import { ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { reshape } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { checkExtents } from '../layers/extents';

/**
 * [N, T, heads D] as [N, heads, T, D], what `attention` takes.
 * @throws ShapeError unless x has three axes and the heads divide the last one; OptionError unless they are a positive integer.
 */
export function splitHeads(x: Tensor, heads: number): Tensor {
  checkTensors('splitHeads', { x });
  checkExtents('splitHeads', { heads });
  const [examples = 0, steps = 0, width = 0] = x.shape;
  if (x.shape.length !== 3 || width % heads !== 0) {
    throw new ShapeError(
      `splitHeads: [N, T, width] with a multiple of ${heads} heads expected, got ${formatShape(x.shape)}`,
    );
  }
  return transpose(reshape(x, [examples, steps, heads, width / heads]), [0, 2, 1, 3]);
}

/** [N, heads, T, D] as [N, T, heads D]: the inverse of `splitHeads`. @throws ShapeError unless x has four axes. */
export function mergeHeads(x: Tensor): Tensor {
  checkTensors('mergeHeads', { x });
  if (x.shape.length !== 4) {
    throw new ShapeError(`mergeHeads: [N, heads, T, D] expected, got ${formatShape(x.shape)}`);
  }
  const [examples = 0, heads = 0, steps = 0] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [examples, steps, heads * extent(x.shape, -1)]);
}
