import { OptionError, ShapeError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { extent, formatShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { checkFloats } from '../floats';
import type { AxisMap } from './bands';
import { resample } from './resample';

export interface ResizeOptions {
  /** The new extents of all axes after the first two, one for all or one each. This or `scale`. */
  readonly size?: number | readonly number[];
  /** What the extents are multiplied by, rounded down. This or `size`. */
  readonly scale?: number | readonly number[];
  /** Along each axis: bilinear and bicubic for images. Default `nearest`. */
  readonly mode?: 'nearest' | 'linear' | 'cubic';
  /** Whether the centres of the corner cells stay, rather than their outer edges. Not for `nearest`. Default false. */
  readonly alignCorners?: boolean;
}

const RESIZE_OPTIONS: Kinds<ResizeOptions> = {
  size: 'numbers',
  scale: 'numbers',
  mode: 'string',
  alignCorners: 'boolean',
};

/**
 * Resizes x [N, C, ...], for example images [N, C, H, W], with the conventions of PyTorch's `interpolate`: the value at cell
 * o is taken at `(o + 1/2) / scale - 1/2` of the source (half-pixel centres; at `floor(o / scale)` for `nearest`), or at
 * `o (from - 1) / (to - 1)` with `alignCorners`. There is no smoothing before shrinking. Linear maps of their input, so that
 * all derivatives are exact.
 *
 * @example
 * resize(images, { scale: 2, mode: 'linear' });
 * @throws ShapeError for x without such axes or an empty one; DTypeError for anything but floats; OptionError unless
 *   exactly one of size and scale is given, with a positive number per axis.
 */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  checkTensors('resize', { x });
  checkKinds('resize', options, RESIZE_OPTIONS);
  const { size, scale, mode = 'nearest', alignCorners = false } = options;
  checkFloats('resize', x);
  if (!['nearest', 'linear', 'cubic'].includes(mode)) {
    throw new OptionError(`resize: mode must be 'nearest', 'linear' or 'cubic', got '${mode}'`);
  }
  if (mode === 'nearest' && alignCorners) {
    throw new OptionError(`resize: alignCorners is for the modes 'linear' and 'cubic'`);
  }
  if ((size === undefined) === (scale === undefined)) {
    throw new OptionError('resize: either size or scale expected');
  }
  const axes = x.shape.length - 2;
  if (axes < 1 || x.shape.slice(2).includes(0)) {
    throw new ShapeError(`resize: [N, C, ...] with cells to take from expected, got ${formatShape(x.shape)}`);
  }
  const maps = Array.from({ length: axes }, (_, i): AxisMap => {
    const from = extent(x.shape, 2 + i);
    const to =
      size === undefined
        ? Math.floor(from * amount('scale', scale ?? 1, i, axes))
        : amount('size', size, i, axes);
    if (!Number.isSafeInteger(to) || to < 1) {
      throw new OptionError(`resize: at least one cell per axis must come out, got ${to} of ${from}`);
    }
    const ratio = size === undefined ? 1 / amount('scale', scale ?? 1, i, axes) : from / to;
    return { kind: mode, from, to, alignCorners, ratio };
  });
  // The axis that shrinks most first: the others then have less to do.
  const order = [...maps.keys()].sort((a, b) => growth(maps[a]) - growth(maps[b]));
  return order.reduce((y, i) => {
    const map = maps[i];
    return map === undefined || isIdentity(map) ? y : resample(y, 2 + i, map);
  }, x);
}

const growth = (map: AxisMap | undefined): number => (map ? map.to / map.from : 1);
const isIdentity = ({ from, to, ratio }: AxisMap): boolean => from === to && ratio === 1;

function amount(name: string, value: number | readonly number[], axis: number, axes: number): number {
  const own = typeof value === 'number' ? value : value[axis];
  const many = typeof value === 'number' ? axes : value.length;
  if (own === undefined || many !== axes || !(own > 0 && own < Infinity)) {
    throw new OptionError(
      `resize: ${name} must be a positive number, or one for each of ${axes} axes, got ${JSON.stringify(value)}`,
    );
  }
  return own;
}
