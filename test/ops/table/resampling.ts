import { gridSample } from '../../../lib/ops/resampling/gridSample';
import { pixelShuffle, pixelUnshuffle } from '../../../lib/ops/resampling/pixelShuffle';
import { resize } from '../../../lib/ops/resampling/resize';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, total, type NdArray } from '../../support/array';
import { ofShapes, type Case, type Row } from '../row';

/** The convolution kernels that values are interpolated with, by the distance from a cell. */
const KERNELS: Record<string, { reach: number; weight: (distance: number) => number }> = {
  linear: { reach: 1, weight: (d) => Math.max(0, 1 - d) },
  cubic: {
    reach: 2,
    weight: (d) => {
      if (d <= 1) return 1.25 * d ** 3 - 2.25 * d ** 2 + 1;
      return d < 2 ? -0.75 * (d ** 3 - 5 * d ** 2 + 8 * d - 4) : 0;
    },
  },
};

/** Interpolates one axis of an array; cells beyond the ends are those at the ends. */
function alongAxis(
  x: NdArray,
  axis: number,
  to: number,
  { mode = 'nearest', alignCorners, scale }: any,
): NdArray {
  const from = x.shape[axis]!;
  const ratio = scale === undefined ? from / to : 1 / (typeof scale === 'number' ? scale : scale[axis - 2]);
  const shape = x.shape.map((own, i) => (i === axis ? to : own));
  return build(shape, (index) => {
    const cell = (c: number): number =>
      at(x, ...index.map((own, i) => (i === axis ? Math.min(Math.max(c, 0), from - 1) : own)));
    const o = index[axis]!;
    if (mode === 'nearest') return cell(Math.floor(o * ratio));
    let centre = alignCorners ? (to === 1 ? 0 : (o * (from - 1)) / (to - 1)) : (o + 0.5) * ratio - 0.5;
    if (mode === 'linear') centre = Math.max(centre, 0);
    const { reach, weight } = KERNELS[mode]!;
    const first = Math.floor(centre) - reach;
    return total(2 * reach + 2, (k) => weight(Math.abs(first + k - centre)) * cell(first + k));
  });
}

function resized(x: NdArray, options: any): NdArray {
  return [...x.shape.keys()].slice(2).reduce((y, axis) => {
    const own = (value: any): number => (typeof value === 'number' ? value : value[axis - 2]);
    const to =
      options.size === undefined ? Math.floor(x.shape[axis]! * own(options.scale)) : own(options.size);
    return alongAxis(y, axis, to, options);
  }, x);
}

const RESIZES: readonly Case[] = [
  ofShapes('nearest, larger', { scale: 2 }, [2, 2, 3, 2]),
  ofShapes('nearest, smaller and larger', { size: [2, 5] }, [2, 1, 5, 3]),
  ofShapes('bilinear', { scale: 2, mode: 'linear' }, [2, 2, 3, 2]),
  ofShapes('bilinear, smaller', { size: [2, 3], mode: 'linear' }, [1, 2, 5, 4]),
  ofShapes('bilinear, corners', { size: [4, 1], mode: 'linear', alignCorners: true }, [2, 1, 3, 3]),
  ofShapes('bicubic', { size: [5, 3], mode: 'cubic' }, [1, 2, 3, 4]),
  ofShapes('bicubic, corners', { size: 5, mode: 'cubic', alignCorners: true }, [1, 1, 3, 2]),
  ofShapes('a scale that does not divide', { scale: 1.5, mode: 'linear' }, [1, 2, 3, 5]),
  ofShapes('sequences', { size: 5, mode: 'linear' }, [2, 2, 3]),
  ofShapes('one element', { size: 1, mode: 'linear' }, [1, 1, 1, 1]),
  ofShapes('no images', { scale: 2 }, [0, 2, 3, 3]),
];

/** A coordinate from -1 to 1 as a cell, brought inside by the padding. */
function placed(value: number, size: number, { padding = 'zeros', alignCorners = false }: any): number {
  const place = alignCorners ? ((value + 1) / 2) * (size - 1) : ((value + 1) * size - 1) / 2;
  if (padding === 'zeros') return place;
  const clip = (own: number): number => Math.min(Math.max(own, 0), size - 1);
  if (padding === 'border') return clip(place);
  const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
  if (low === high) return 0;
  let turned = place;
  while (turned < low || turned > high) turned = turned < low ? 2 * low - turned : 2 * high - turned;
  return clip(turned);
}

const evenly = (value: number): number => {
  const near = Math.round(value);
  return Math.abs(near - value) === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

function sampled(x: NdArray, grid: NdArray, options: any = {}): NdArray {
  const [height, width] = [x.shape[2]!, x.shape[3]!];
  return build([x.shape[0]!, x.shape[1]!, grid.shape[1]!, grid.shape[2]!], ([n, c, r, s]) => {
    const column = placed(at(grid, n!, r!, s!, 0), width, options);
    const row = placed(at(grid, n!, r!, s!, 1), height, options);
    return total(height, (i) =>
      total(width, (j) => {
        const weight =
          options.mode === 'nearest'
            ? Number(i === evenly(row) && j === evenly(column))
            : Math.max(0, 1 - Math.abs(i - row)) * Math.max(0, 1 - Math.abs(j - column));
        return weight === 0 ? 0 : weight * at(x, n!, c!, i, j);
      }),
    );
  });
}

const grids = (name: string, options: unknown, images: readonly number[], grid: readonly number[]): Case => ({
  name,
  inputs: [{ shape: images }, { shape: grid, range: [-1.7, 1.6] }],
  options,
});
const GRIDS: readonly Case[] = [
  grids('zeros', undefined, [2, 2, 3, 4], [2, 2, 3, 2]),
  grids('border', { padding: 'border' }, [2, 1, 3, 4], [2, 2, 2, 2]),
  grids('reflection', { padding: 'reflection' }, [1, 2, 3, 2], [1, 3, 3, 2]),
  grids('zeros, corners', { alignCorners: true }, [1, 2, 4, 3], [1, 2, 3, 2]),
  grids('reflection, corners', { padding: 'reflection', alignCorners: true }, [1, 1, 3, 4], [1, 3, 2, 2]),
  { name: 'one element', inputs: [{ shape: [1, 1, 1, 1] }, { shape: [1, 1, 1, 2], values: [0.3, -0.2] }] },
  grids('no images', undefined, [0, 2, 3, 3], [0, 2, 2, 2]),
];
const NEAREST: readonly Case[] = GRIDS.map((of) => ({
  ...of,
  inputs: [of.inputs[0]!, { ...of.inputs[1]!, constant: true }],
  options: { ...of.options, mode: 'nearest' },
}));

const shuffled = (x: NdArray, r: number): NdArray => {
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  return build([n, c / r ** 2, h * r, w * r], ([i, o, y, z]) =>
    at(x, i!, o! * r ** 2 + (y! % r) * r + (z! % r), Math.floor(y! / r), Math.floor(z! / r)),
  );
};
const unshuffled = (x: NdArray, r: number): NdArray => {
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  return build([n, c * r ** 2, h / r, w / r], ([i, o, y, z]) => {
    const part = o! % r ** 2;
    return at(x, i!, Math.floor(o! / r ** 2), y! * r + Math.floor(part / r), z! * r + (part % r));
  });
};

/** Resizing, sampling, and moving cells between channels and space. */
export const resampling: readonly Row[] = [
  {
    name: 'resize',
    covers: ['resample'],
    run: ([x], options) => resize(x!, options),
    reference: ([x], options) => resized(x!, options),
    cases: RESIZES,
    large: ofShapes('large', { scale: 2, mode: 'linear' }, [8, 4, 40, 40]),
    examples: [
      { axes: [0], output: 0 },
      { axes: [1], output: 1 },
      { axes: [0], output: 0, of: 'bicubic' },
    ],
    mixes: [{ axes: [2] }],
  },
  {
    name: 'resizeGrad',
    covers: [],
    run: ([x, g]) => vjp((image) => resize(image, { size: [3, 5], mode: 'linear' }), x!).pull(g!),
    // <g, resize(e)> for every unit image e.
    reference: ([x, g]) =>
      build(x!.shape, (index) => {
        const unit = build(x!.shape, (own) => Number(own.join() === index.join()));
        const { data } = resized(unit, { size: [3, 5], mode: 'linear' });
        return total(data.length, (i) => data[i]! * g!.data[i]!);
      }),
    cases: [
      ofShapes('images', undefined, [1, 2, 4, 3], [1, 2, 3, 5]),
      ofShapes('no images', undefined, [0, 2, 4, 3], [0, 2, 3, 5]),
    ],
    without: { size1: 'the size is [3, 5]' },
    orders: 1,
  },
  {
    name: 'gridSample',
    covers: [],
    run: ([x, grid], options) => gridSample(x!, grid!, options),
    reference: ([x, grid], options) => sampled(x!, grid!, options),
    cases: GRIDS,
    without: { size1: 'a position is two numbers' },
    special: [
      {
        name: 'no number, far out',
        inputs: [
          { shape: [1, 1, 2, 2], values: [1, 2, 3, 4] },
          { shape: [1, 1, 2, 2], values: [-1e9, 0, 1e9, 1e9] },
        ],
      },
    ],
    tolerance: { float32: 1e-5 },
    // Positions that are rounded move by parts of a cell.
    halves: {
      times: 4,
      withoutGradient: 'rounded positions lie on other sides of the cells, where it jumps',
    },
    examples: [
      { axes: [0, 0], output: 0 },
      { axes: [0, 0], output: 0, of: 'border' },
    ],
  },
  {
    name: 'gridSample nearest',
    covers: [],
    run: ([x, grid], options) => gridSample(x!, grid!, options),
    reference: ([x, grid], options) => sampled(x!, grid!, options),
    cases: NEAREST,
    without: { size1: 'a position is two numbers' },
  },
  {
    name: 'pixelShuffle',
    covers: [],
    run: ([x], r) => pixelShuffle(x!, r),
    reference: ([x], r) => shuffled(x!, r),
    cases: [
      ofShapes('blocks of 2', 2, [2, 8, 2, 3]),
      ofShapes('one element', 1, [1, 1, 1, 1]),
      ofShapes('no images', 2, [0, 4, 1, 1]),
    ],
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'pixelUnshuffle',
    covers: [],
    run: ([x], r) => pixelUnshuffle(x!, r),
    reference: ([x], r) => unshuffled(x!, r),
    cases: [
      ofShapes('blocks of 2', 2, [2, 2, 4, 6]),
      ofShapes('one element', 1, [1, 1, 1, 1]),
      ofShapes('no images', 2, [0, 1, 2, 2]),
    ],
    examples: [{ axes: [0], output: 0 }],
  },
];
