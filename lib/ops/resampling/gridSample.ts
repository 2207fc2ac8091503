import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import {
  add,
  cast,
  equal,
  greaterEqual,
  lessEqual,
  maximum,
  minimum,
  mul,
  sub,
  zerosLike,
} from '../elementwise/arithmetic';
import { abs, floor, isFinite, logicalAnd, round, where } from '../elementwise/math';
import { checkFloats, checkRank } from '../floats';
import { takeAlong } from '../indexing/takeAlong';
import { broadcastTo } from '../reduce/sum';
import { flatten, reshape } from '../shape/reshape';
import { slice } from '../shape/slice';

export interface GridSampleOptions {
  /** Default `bilinear`. */
  readonly mode?: 'bilinear' | 'nearest';
  /** What lies outside the image: zeros, its border, or its reflection. Default `zeros`. */
  readonly padding?: 'zeros' | 'border' | 'reflection';
  /** Whether -1 and 1 are the centres of the outermost cells, rather than their outer edges. Default false. */
  readonly alignCorners?: boolean;
}

const GRID_SAMPLE_OPTIONS: Kinds<GridSampleOptions> = {
  mode: 'string',
  padding: 'string',
  alignCorners: 'boolean',
};

/** One axis of the image at all positions of the grid, [N, positions] each. */
interface Neighbour {
  /** int32, within the image. */
  readonly index: Tensor;
  /** 0 outside the image. */
  readonly weight: Tensor;
}

/**
 * Samples images x [N, C, H, W] at the positions of a grid [N, OH, OW, 2], which holds x and y from -1 (left, top) to 1
 * (right, bottom), with the conventions of PyTorch; the result is [N, C, OH, OW]. Differentiable in the images and, for
 * `bilinear`, in the grid.
 *
 * @example
 * gridSample(images, grid, { padding: 'border' });
 * @throws ShapeError unless the grid has as many examples and two coordinates, or the images are empty; DTypeError unless
 *   both have one float dtype; OptionError for a misspelled or unknown option.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  checkTensors('gridSample', { x, grid });
  checkKinds('gridSample', options, GRID_SAMPLE_OPTIONS);
  const { mode = 'bilinear', padding = 'zeros', alignCorners = false } = options;
  oneOf('mode', mode, ['bilinear', 'nearest']);
  oneOf('padding', padding, ['zeros', 'border', 'reflection']);
  checkFloats('gridSample', x, grid);
  checkRank('gridSample', x, 4, 'images [N, C, H, W]');
  checkRank('gridSample', grid, 4, 'a grid [N, OH, OW, 2]');
  const [examples, channels, height, width] = x.shape as readonly [number, number, number, number];
  if (grid.shape[3] !== 2 || grid.shape[0] !== examples) {
    throw new ShapeError(
      `gridSample: a grid [${examples}, OH, OW, 2] expected, got ${formatShape(grid.shape)}`,
    );
  }
  if (height === 0 || width === 0) {
    throw new ShapeError(`gridSample: images with cells expected, got ${formatShape(x.shape)}`);
  }
  const positions = extent(grid.shape, 1) * extent(grid.shape, 2);
  const along = (which: 0 | 1, size: number): Neighbour[] => {
    const stops = [...grid.shape.slice(0, 3), which + 1];
    const values = reshape(slice(grid, { starts: [0, 0, 0, which], stops }), [examples, positions]);
    return neighbours(inCells(values, size, padding, alignCorners), size, mode);
  };
  const cells = flatten(x, 2);
  const [columns, rows] = [along(0, width), along(1, height)];
  const parts = rows.flatMap((row) =>
    columns.map((column) => {
      const places = reshape(add(mul(row.index, width), column.index), [examples, 1, positions]);
      const values = takeAlong(cells, broadcastTo(places, [examples, channels, positions]));
      return mul(values, reshape(mul(row.weight, column.weight), [examples, 1, positions]));
    }),
  );
  return reshape(parts.reduce(add), [examples, channels, ...grid.shape.slice(1, 3)]);
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new OptionError(
    `gridSample: ${name} must be ${allowed.map((own) => `'${own}'`).join(' or ')}, got '${value}'`,
  );
}

/** Coordinates from -1 to 1 as cells from 0 to size - 1, brought inside by the padding. */
function inCells(
  values: Tensor,
  size: number,
  padding: 'zeros' | 'border' | 'reflection',
  alignCorners: boolean,
): Tensor {
  const place = alignCorners ? mul(add(values, 1), (size - 1) / 2) : sub(mul(add(values, 1), size / 2), 0.5);
  if (padding === 'zeros') return place;
  const turned = padding === 'reflection' ? reflected(place, size, alignCorners) : place;
  return minimum(maximum(turned, 0), size - 1);
}

/** Reflected at the outer edges of the image, or at the centres of its outermost cells, as often as it takes. */
function reflected(place: Tensor, size: number, alignCorners: boolean): Tensor {
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  if (span === 0) return zerosLike(place);
  const distance = abs(sub(place, low));
  const turns = floor(mul(distance, 1 / span));
  const rest = sub(distance, mul(turns, span));
  const isEven = equal(sub(turns, mul(floor(mul(turns, 0.5)), 2)), 0);
  return add(where(isEven, rest, sub(span, rest)), low);
}

function neighbours(place: Tensor, size: number, mode: 'bilinear' | 'nearest'): Neighbour[] {
  const at = (cell: Tensor, weight: Tensor | null): Neighbour => {
    const inside = cast(logicalAnd(greaterEqual(cell, 0), lessEqual(cell, size - 1)), place.dtype);
    // A place that is no number has no cell: the first one stands in, and the weight carries the NaN on.
    const bounded = where(isFinite(cell), minimum(maximum(cell, 0), size - 1), zerosLike(cell));
    return { index: cast(bounded, 'int32'), weight: weight ? mul(weight, inside) : inside };
  };
  if (mode === 'nearest') return [at(round(place), null)];
  const first = floor(place);
  const part = sub(place, first);
  return [at(first, sub(1, part)), at(add(first, 1), part)];
}
