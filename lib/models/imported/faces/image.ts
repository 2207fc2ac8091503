import { DTypeError, ShapeError } from '../../../errors';
import { tensor } from '../../../graph/create';
import { extent, formatShape } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';
import { cast } from '../../../ops/elementwise/arithmetic';
import { matmul } from '../../../ops/products/matmul';
import { pad } from '../../../ops/shape/pad';
import { expandDims } from '../../../ops/shape/reshape';
import { slice } from '../../../ops/shape/slice';
import { transpose } from '../../../ops/shape/transpose';

/** A rectangle in an image, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** @throws ShapeError, DTypeError unless it is an image [H, W, 3] of uint8 or float32. */
export function checkImage(where: string, image: Tensor): void {
  if (image.shape.length !== 3 || image.shape[2] !== 3)
    throw new ShapeError(`${where}: an image [H, W, 3] expected, got ${formatShape(image.shape)}`);
  if (image.dtype !== 'uint8' && image.dtype !== 'float32')
    throw new DTypeError(`${where}: an image of uint8 or float32 expected, got ${image.dtype}`);
}

/** The part of an image inside a box that is cut to whole pixels inside the image. */
export function cropped(image: Tensor, { left, top, width, height }: Box): Tensor {
  const [rows, columns] = [extent(image.shape, 0), extent(image.shape, 1)];
  const begin = [Math.max(0, Math.floor(top)), Math.max(0, Math.floor(left))];
  const end = [Math.min(rows, Math.floor(top + height)), Math.min(columns, Math.floor(left + width))];
  return slice(image, { starts: begin, stops: end });
}

/**
 * An image [H, W, 3] as networks take it, [1, 3, size, size]: made a square with black (on both sides, or behind), then resized by
 * linear interpolation between the pixels at `i H / size`, as TensorFlow.js does without half-pixel centres.
 */
export function squared(image: Tensor, size: number, isCentered: boolean): Tensor {
  const [rows, columns] = [extent(image.shape, 0), extent(image.shape, 1)];
  const side = Math.max(rows, columns);
  const around = (missing: number): readonly [number, number] => {
    const before = isCentered ? Math.floor(missing / 2) : 0;
    return [before, missing - before];
  };
  const planes = transpose(cast(image, 'float32'), [2, 0, 1]);
  const square = pad(planes, [[0, 0], around(side - rows), around(side - columns)]);
  const weights = interpolation(side, size);
  return expandDims(matmul(matmul(weights, square), transpose(weights)), 0);
}

/** [size, side]: row i has the shares of the pixels on either side of `i side / size`. */
function interpolation(side: number, size: number): Tensor {
  const weights = new Float32Array(size * side);
  for (let i = 0; i < size; i++) {
    const place = Math.fround(i * Math.fround(side / size));
    const before = Math.min(Math.floor(place), side - 1);
    const share = place - before;
    weights[i * side + before] = 1 - share;
    const after = i * side + Math.min(before + 1, side - 1);
    weights[after] = (weights[after] ?? 0) + share;
  }
  return tensor(weights, { shape: [size, side] });
}
