import { describe, OptionError, ShapeError } from '../../errors';
import { checkKinds, type Kind, type Kinds } from '../../graph/call';
import type { ConvolutionGeometry } from '../../graph/op';
import { extent, formatShape, type Shape } from '../../graph/shape';

/** One number for rows and columns alike, or one for each. */
export type Pair = number | readonly [rows: number, columns: number];

/** Both ends of both axes, in cells. */
export type Sides = readonly [
  rows: readonly [top: number, bottom: number],
  columns: readonly [left: number, right: number],
];

/**
 * Zeros around an image: so many on each side, or rows and columns, or each side by itself. `valid` is 0; `same` is what
 * makes `ceil(size / stride)` positions, the odd cell after the last one.
 */
export type Padding = Pair | Sides | 'same' | 'valid';

/** How a window slides over an image. */
export interface WindowGeometry {
  /** Cells from one window to the next. Default 1. */
  readonly stride?: Pair;
  /** Zeros around the image. Default 0. */
  readonly padding?: Padding;
  /** Cells from one tap of the window to the next. Default 1. */
  readonly dilation?: Pair;
}

/** Padding is more than one kind: `sidesOf` looks at it. */
const GEOMETRY_OPTIONS: Kinds<WindowGeometry> = {
  stride: 'numbers',
  padding: 'any',
  dilation: 'numbers',
};

export interface ConvolutionOptions extends WindowGeometry {
  /** How many groups channels and outputs divide into; as many as channels for a depthwise convolution. Default 1. */
  readonly groups?: number;
}

export interface WindowOptions extends WindowGeometry {
  /** Taps of the window: kernel height and width. */
  readonly kernel: Pair;
}

export const WINDOW_OPTIONS: Kinds<WindowOptions> = {
  kernel: 'numbers',
  stride: 'numbers',
  padding: 'any',
  dilation: 'numbers',
};

/** The largest value the native side takes for an extent, a stride or a padding. */
const LIMIT = 2 ** 31 - 1;

/** Throws unless an option is an integer from `least`. */
export function checkCount(where: string, name: string, n: number, least: number): void {
  if (Number.isSafeInteger(n) && n >= least && n <= LIMIT) return;
  throw new OptionError(`${where}: ${name} must be an integer from ${least}, got ${n}`);
}

/** @throws OptionError unless there are two, of whatever. */
function pairIn<T extends readonly [unknown, unknown]>(where: string, name: string, value: T): T {
  const given: unknown = value;
  if (Array.isArray(given) && given.length === 2) return value;
  throw new OptionError(`${where}: ${name} must be a number or a pair, got ${describe(given)}`);
}

/** Both numbers of a pair. @throws OptionError unless they are integers from `least`. */
export function pairOf(where: string, name: string, value: Pair, least: number): readonly [number, number] {
  const [rows, columns] = typeof value === 'number' ? [value, value] : pairIn(where, name, value);
  for (const n of [rows, columns]) checkCount(where, name, n, least);
  return [rows, columns];
}

/** What `same` has to be told: the size of the image and of the window. */
export interface Sizes {
  readonly image: Shape;
  readonly kernel: readonly [number, number];
}

/** The options with their defaults filled in, as attributes of an op. `sizes` makes sense of `same`. */
export function geometryOf(
  where: string,
  options: ConvolutionOptions,
  more: Readonly<Record<string, Kind>> = {},
  sizes?: Sizes,
): ConvolutionGeometry {
  checkKinds(where, options, { ...GEOMETRY_OPTIONS, ...more });
  const stride = pairOf(where, 'stride', options.stride ?? 1, 1);
  const dilation = pairOf(where, 'dilation', options.dilation ?? 1, 1);
  // Only what is not given has a default: null is refused.
  const { groups = 1, padding = 0 } = options;
  checkCount(where, 'groups', groups, 1);
  return {
    stride,
    padding: sidesOf(where, padding, stride, dilation, sizes),
    dilation,
    groups,
  };
}

function sidesOf(
  where: string,
  padding: Padding,
  stride: readonly [number, number],
  dilation: readonly [number, number],
  sizes: Sizes | undefined,
): Sides {
  if (padding === 'valid') return NO_SIDES;
  if (padding === 'same') {
    if (!sizes)
      throw new OptionError(`${where}: padding 'same' does not tell the size of the image; give numbers`);
    const along = (axis: 0 | 1): readonly [number, number] => {
      const size = extent(sizes.image, axis - 2);
      const reach = dilation[axis] * (sizes.kernel[axis] - 1) + 1;
      const all = Math.max(0, (Math.ceil(size / stride[axis]) - 1) * stride[axis] + reach - size);
      return [Math.floor(all / 2), Math.ceil(all / 2)];
    };
    return [along(0), along(1)];
  }
  if (typeof padding === 'string') {
    throw new OptionError(`${where}: padding must be numbers, 'same' or 'valid', got '${String(padding)}'`);
  }
  const [rows, columns] =
    typeof padding === 'number' ? [padding, padding] : pairIn(where, 'padding', padding);
  return [pairOf(where, 'padding', rows, 0), pairOf(where, 'padding', columns, 0)];
}

const NO_SIDES: Sides = [
  [0, 0],
  [0, 0],
];

/** The eight numbers of how a window slides, in the order of the kernels. */
export const slidingNumbers = ({
  stride,
  padding,
  dilation,
}: Omit<ConvolutionGeometry, 'groups'>): number[] => [
  ...stride,
  ...padding.map(([low]) => low),
  ...dilation,
  ...padding.map(([, high]) => high),
];

/** The nine numbers of a convolution in the order of the kernels. */
export const geometryNumbers = (geometry: ConvolutionGeometry): number[] => [
  ...slidingNumbers(geometry),
  geometry.groups,
];

/**
 * How many windows fit over the rows and the columns of an image [..., H, W]:
 * `floor((H + top + bottom - dilation (kernel - 1) - 1) / stride) + 1`.
 */
export function windowPositions(
  where: string,
  image: Shape,
  kernel: readonly [number, number],
  { stride, padding, dilation }: Omit<ConvolutionGeometry, 'groups'>,
): [rows: number, columns: number] {
  const along = (axis: 0 | 1): number => {
    const [low, high] = padding[axis];
    const room = extent(image, axis - 2) + low + high - dilation[axis] * (kernel[axis] - 1) - 1;
    if (room < 0 || kernel[axis] < 1) {
      throw new ShapeError(
        `${where}: a window of ${formatShape(kernel)} with dilation ${formatShape(dilation)} does not fit an image of ` +
          `${formatShape(image.slice(-2))} with padding ${padding.map(formatShape).join(' and ')}`,
      );
    }
    return Math.floor(room / stride[axis]) + 1;
  };
  return [along(0), along(1)];
}
