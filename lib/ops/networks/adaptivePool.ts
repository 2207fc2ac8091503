import { OptionError, ShapeError } from '../../errors';
import { checkNumbers, checkTensors } from '../../graph/call';
import { tensor } from '../../graph/create';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { checkFloats } from '../floats';
import { take } from '../indexing/take';
import { max, mean } from '../reduce/reduce';
import { resample } from '../resampling/resample';
import { reshape } from '../shape/reshape';

// Pooling by the size of the result: part o of `from` cells cut into `to` parts is
// floor(o from / to), ..., ceil((o + 1) from / to) - 1, so that parts overlap where they do not divide evenly.

/** Extents of all axes after the first two. */
function checkSizes(where: string, x: Tensor, size: number | readonly number[]): number[] {
  checkTensors(where, { x });
  checkNumbers(where, 'size', size);
  checkFloats(where, x);
  const axes = x.shape.length - 2;
  if (axes < 1 || x.shape.slice(2).includes(0)) {
    throw new ShapeError(`${where}: [N, C, ...] with cells to pool expected, got ${formatShape(x.shape)}`);
  }
  const sizes = typeof size === 'number' ? Array<number>(axes).fill(size) : [...size];
  if (sizes.length !== axes || !sizes.every((n) => Number.isSafeInteger(n) && n >= 1)) {
    throw new OptionError(
      `${where}: a positive integer expected, or one for each of ${axes} axes, got ${JSON.stringify(size)}`,
    );
  }
  return sizes;
}

/**
 * The means of x [N, C, ...] over parts of all axes after the first two, cut into `size` parts each: one number for all
 * axes or one each. For sequences, images and volumes.
 *
 * @example
 * adaptiveAvgPool(images, [7, 7]);                 // [N, C, H, W] -> [N, C, 7, 7]
 * @throws ShapeError for x without such axes or an empty one; DTypeError for anything but floats; OptionError for an
 *   impossible size.
 */
export function adaptiveAvgPool(x: Tensor, size: number | readonly number[]): Tensor {
  checkTensors('adaptiveAvgPool', { x });
  return checkSizes('adaptiveAvgPool', x, size).reduce((y, to, i) => {
    const from = extent(y.shape, 2 + i);
    if (from % to === 0) return pooledEvenly(y, 2 + i, to, mean);
    return resample(y, 2 + i, { kind: 'average', from, to, alignCorners: false, ratio: from / to });
  }, x);
}

/**
 * The largest cells of x [N, C, ...] over parts of all axes after the first two; see `adaptiveAvgPool`. Equal ones share the
 * gradient.
 *
 * @throws ShapeError, DTypeError and OptionError as `adaptiveAvgPool` does.
 */
export function adaptiveMaxPool(x: Tensor, size: number | readonly number[]): Tensor {
  checkTensors('adaptiveMaxPool', { x });
  return checkSizes('adaptiveMaxPool', x, size).reduce((y, to, i) => {
    const [axis, from] = [2 + i, extent(y.shape, 2 + i)];
    if (from % to === 0) return pooledEvenly(y, axis, to, max);
    const parts = Array.from({ length: to }, (_, o) => {
      const begin = Math.floor((o * from) / to);
      return { begin, last: Math.ceil(((o + 1) * from) / to) - 1 };
    });
    const longest = Math.max(...parts.map(({ begin, last }) => last - begin + 1));
    // Shorter parts repeat their last cell, which changes no maximum.
    const cells = parts.flatMap(({ begin, last }) =>
      Array.from({ length: longest }, (_, k) => Math.min(begin + k, last)),
    );
    return pooledEvenly(take(y, tensor(Int32Array.from(cells)), { axis }), axis, to, max);
  }, x);
}

/** Reduces equal parts of an axis. */
function pooledEvenly(x: Tensor, axis: number, to: number, reduce: typeof mean): Tensor {
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const cells = extent(x.shape, axis) / to;
  return cells === 1 ? x : reduce(reshape(x, [...before, to, cells, ...after]), { axis: axis + 1 });
}

/** The mean of all cells after the first two axes: x [N, C, ...] to [N, C]. NaN when there are none. */
export const globalAvgPool = (x: Tensor): Tensor => global('globalAvgPool', x, mean);

/** The largest of all cells after the first two axes: x [N, C, ...] to [N, C]. @throws ShapeError when there are none. */
export const globalMaxPool = (x: Tensor): Tensor => global('globalMaxPool', x, max);

function global(where: string, x: Tensor, reduce: typeof mean): Tensor {
  checkTensors(where, { x });
  checkFloats(where, x);
  if (x.shape.length < 3) throw new ShapeError(`${where}: [N, C, ...] expected, got ${formatShape(x.shape)}`);
  return reduce(x, { axis: [...x.shape.keys()].slice(2) });
}
