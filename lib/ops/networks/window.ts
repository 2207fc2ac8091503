import { checkOptions, OptionError, ShapeError } from '../../errors';
import type { ConvolutionGeometry } from '../../graph/op';
import { extent, formatShape, type Shape } from '../../graph/shape';

/** One number for rows and columns alike, or one for each. */
export type Pair = number | readonly [rows: number, columns: number];

/** How a window slides over an image. */
export interface ConvolutionOptions {
  /** Cells from one window to the next. Default 1. */
  readonly stride?: Pair;
  /** Zeros around the image, on each side. Default 0. */
  readonly padding?: Pair;
  /** Cells from one tap of the window to the next. Default 1. */
  readonly dilation?: Pair;
}

export interface WindowOptions extends ConvolutionOptions {
  /** Taps of the window: kernel height and width. */
  readonly kernel: Pair;
}

/** The largest value the native side takes for an extent, a stride or a padding. */
const LIMIT = 2 ** 31 - 1;

/** Both numbers of a pair. @throws OptionError unless they are integers from `least`. */
export function pairOf(where: string, name: string, value: Pair, least: number): readonly [number, number] {
  const [rows, columns] = typeof value === 'number' ? [value, value] : value;
  for (const n of [rows, columns]) {
    if (!Number.isSafeInteger(n) || n < least || n > LIMIT) {
      throw new OptionError(`${where}: ${name} must be an integer from ${least}, got ${n}`);
    }
  }
  return [rows, columns];
}

/** The options with their defaults filled in, as attributes of an op. */
export function geometryOf(
  where: string,
  options: ConvolutionOptions,
  more: readonly string[] = [],
): ConvolutionGeometry {
  checkOptions(where, options, ['stride', 'padding', 'dilation', ...more]);
  return {
    stride: pairOf(where, 'stride', options.stride ?? 1, 1),
    padding: pairOf(where, 'padding', options.padding ?? 0, 0),
    dilation: pairOf(where, 'dilation', options.dilation ?? 1, 1),
  };
}

/** The six numbers of a geometry in the order of the kernels. */
export const geometryNumbers = ({ stride, padding, dilation }: ConvolutionGeometry): number[] => [
  ...stride,
  ...padding,
  ...dilation,
];

/**
 * How many windows fit over the rows and the columns of an image [..., H, W]:
 * `floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1`.
 */
export function windowPositions(
  where: string,
  image: Shape,
  kernel: readonly [number, number],
  { stride, padding, dilation }: ConvolutionGeometry,
): [rows: number, columns: number] {
  const along = (axis: 0 | 1): number => {
    const room = extent(image, axis - 2) + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
    if (room < 0 || kernel[axis] < 1) {
      throw new ShapeError(
        `${where}: a window of ${formatShape(kernel)} with dilation ${formatShape(dilation)} does not fit an image of ` +
          `${formatShape(image.slice(-2))} with padding ${formatShape(padding)}`,
      );
    }
    return Math.floor(room / stride[axis]) + 1;
  };
  return [along(0), along(1)];
}
