import { at, build, indicesOf, positionIn, type NdArray } from './array';

/** How a window slides over an image: rows and columns of each. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  /** Before the first and after the last row, and column. */
  readonly padding: readonly (readonly number[])[];
  readonly dilation: readonly number[];
}

/** One number for rows and columns alike, or one for each. */
export const pair = (value: number | readonly number[]): readonly number[] =>
  typeof value === 'number' ? [value, value] : value;
/** The options of an op with their defaults, for images of some size. */
export function windowOf(
  { kernel, stride = 1, padding = 0, dilation = 1 }: any,
  size: readonly number[] = [],
): Window {
  const window = { kernel: pair(kernel), stride: pair(stride), dilation: pair(dilation) };
  const sides = (i: number): readonly number[] => {
    if (padding === 'valid') return [0, 0];
    if (padding === 'same') {
      const reach = (Math.ceil(size[i]! / window.stride[i]!) - 1) * window.stride[i]!;
      const missing = Math.max(0, reach + window.dilation[i]! * (window.kernel[i]! - 1) + 1 - size[i]!);
      return [Math.floor(missing / 2), missing - Math.floor(missing / 2)];
    }
    return pair(typeof padding === 'number' ? padding : padding[i]);
  };
  return { ...window, padding: [sides(0), sides(1)] };
}

/** How many windows fit over rows and columns. */
export const positions = (size: readonly number[], { kernel, stride, padding, dilation }: Window): number[] =>
  [0, 1].map(
    (i) =>
      Math.floor(
        (size[i]! + padding[i]![0]! + padding[i]![1]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!,
      ) + 1,
  );

/** The cell of the image under a tap of the window at a position; null when that is padding. */
export function cellUnder(
  [position, tap]: readonly [number, number],
  size: readonly number[],
  window: Window,
): readonly [number, number] | null {
  const { kernel, stride, padding, dilation } = window;
  const columns = positions(size, window)[1]!;
  const origin = [Math.floor(position / columns), position % columns];
  const offset = [Math.floor(tap / kernel[1]!), tap % kernel[1]!];
  const cell = [0, 1].map((i) => origin[i]! * stride[i]! - padding[i]![0]! + offset[i]! * dilation[i]!);
  return cell.every((c, i) => c >= 0 && c < size[i]!) ? [cell[0]!, cell[1]!] : null;
}

/** The patches of images [N, C, H, W]: [N, positions, C kh kw]. */
export function patchesOf(x: NdArray, options: any): NdArray {
  const size = x.shape.slice(2);
  const window = windowOf(options, size);
  const [rows, columns] = positions(size, window) as [number, number];
  const taps = window.kernel[0]! * window.kernel[1]!;
  return build([x.shape[0]!, rows * columns, x.shape[1]! * taps], ([n, position, k]) => {
    const cell = cellUnder([position!, k! % taps], size, window);
    return cell ? at(x, n!, Math.floor(k! / taps), ...cell) : 0;
  });
}

/** Adds patches [N, positions, C kh kw] to their places in images [N, C, ...size]. */
export function folded(patches: NdArray, size: readonly number[], options: any): NdArray {
  const window = windowOf(options, size);
  const taps = window.kernel[0]! * window.kernel[1]!;
  const shape = [patches.shape[0]!, patches.shape[2]! / taps, ...size];
  const data = new Float64Array(shape.reduce((total, n) => total * n, 1));
  for (const [n, position, k] of indicesOf(patches.shape)) {
    const cell = cellUnder([position!, k! % taps], size, window);
    if (!cell) continue;
    data[positionIn(shape, [n!, Math.floor(k! / taps), ...cell])]! += at(patches, n!, position!, k!);
  }
  return { shape, data };
}
