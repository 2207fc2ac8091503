import { conv2d, conv2dInputGrad, conv2dWeightGrad } from '../../../lib/ops/conv2d';
import { avgPool2d, maxPool2dWithIndices } from '../../../lib/ops/pool2d';
import { fold, unfold } from '../../../lib/ops/unfold';
import { vjp } from '../../../lib/transforms/vjp';
import type { Shape } from '../../../lib/graph/shape';
import { at, build, indicesOf, positionIn, type NdArray } from '../../support/array';
import type { Case, Row, Sample } from '../row';

interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

const pair = (value: number | readonly number[]): readonly number[] =>
  typeof value === 'number' ? [value, value] : value;
const windowOf = ({ kernel, stride = 1, padding = 0, dilation = 1 }: any): Window => ({
  kernel: pair(kernel),
  stride: pair(stride),
  padding: pair(padding),
  dilation: pair(dilation),
});

const positions = (size: readonly number[], { kernel, stride, padding, dilation }: Window): number[] =>
  [0, 1].map(
    (i) => Math.floor((size[i]! + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1,
  );

/** The cell of the image under a tap of the window at a position; null when that is padding. */
function cellUnder(
  [position, tap]: readonly [number, number],
  size: readonly number[],
  window: Window,
): readonly [number, number] | null {
  const { kernel, stride, padding, dilation } = window;
  const columns = positions(size, window)[1]!;
  const origin = [Math.floor(position / columns), position % columns];
  const offset = [Math.floor(tap / kernel[1]!), tap % kernel[1]!];
  const cell = [0, 1].map((i) => origin[i]! * stride[i]! - padding[i]! + offset[i]! * dilation[i]!);
  return cell.every((c, i) => c >= 0 && c < size[i]!) ? [cell[0]!, cell[1]!] : null;
}

/** The patches of images [N, C, H, W]: [N, positions, C kh kw]. */
export function patchesOf(x: NdArray, options: any): NdArray {
  const window = windowOf(options);
  const size = x.shape.slice(2);
  const [rows, columns] = positions(size, window) as [number, number];
  const taps = window.kernel[0]! * window.kernel[1]!;
  return build([x.shape[0]!, rows * columns, x.shape[1]! * taps], ([n, position, k]) => {
    const cell = cellUnder([position!, k! % taps], size, window);
    return cell ? at(x, n!, Math.floor(k! / taps), ...cell) : 0;
  });
}

/** Adds patches [N, positions, C kh kw] to their places in images [N, C, ...size]. */
function folded(patches: NdArray, size: readonly number[], options: any): NdArray {
  const window = windowOf(options);
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

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const total = (n: number, f: (i: number) => number): number => range(n).reduce((sum, i) => sum + f(i), 0);
/** [a, b, ...rest] as [a, b, everything else] */
const flat = (x: NdArray, keep: number): NdArray => ({
  shape: [...x.shape.slice(0, keep), x.shape.slice(keep).reduce((size, n) => size * n, 1)],
  data: x.data,
});

function convolved(x: NdArray, w: NdArray, options: any): NdArray {
  const window = { ...options, kernel: w.shape.slice(2) };
  const [patches, weights] = [patchesOf(x, window), flat(w, 1)];
  const [rows, columns] = positions(x.shape.slice(2), windowOf(window)) as [number, number];
  return build([x.shape[0]!, w.shape[0]!, rows, columns], ([n, o, r, s]) =>
    total(weights.shape[1]!, (k) => at(weights, o!, k) * at(patches, n!, r! * columns + s!, k)),
  );
}

function inputGradient(g: NdArray, w: NdArray, options: any): NdArray {
  const [cotangents, weights] = [flat(g, 2), flat(w, 1)];
  const patches = build([g.shape[0]!, cotangents.shape[2]!, weights.shape[1]!], ([n, t, k]) =>
    total(w.shape[0]!, (o) => at(weights, o, k!) * at(cotangents, n!, o, t!)),
  );
  return folded(patches, pair(options.size), { ...options, kernel: w.shape.slice(2) });
}

function weightGradient(x: NdArray, g: NdArray, options: any): NdArray {
  const [patches, cotangents] = [patchesOf(x, options), flat(g, 2)];
  const { data } = build([g.shape[1]!, patches.shape[2]!], ([o, k]) =>
    total(x.shape[0]!, (n) =>
      total(cotangents.shape[2]!, (t) => at(cotangents, n, o!, t) * at(patches, n, t, k!)),
    ),
  );
  return { shape: [g.shape[1]!, x.shape[1]!, ...pair(options.kernel)], data };
}

const GENERAL = { stride: [2, 1], padding: [1, 2], dilation: [1, 2] } as const;
const of = (name: string, shapes: readonly Shape[], options: any, sample: Partial<Sample> = {}): Case => ({
  name,
  inputs: shapes.map((shape) => ({ shape, ...sample })),
  options,
});

/** The windows of a pooling: for every position the cells under it, and where they lie in the plane. */
function pooled(
  x: NdArray,
  options: any,
  f: (cells: { value: number; at: number }[], taps: number) => number,
): NdArray {
  const window = windowOf({ stride: options.kernel, ...options });
  const size = x.shape.slice(2);
  const [rows, columns] = positions(size, window) as [number, number];
  const taps = window.kernel[0]! * window.kernel[1]!;
  return build([x.shape[0]!, x.shape[1]!, rows, columns], ([n, c, r, s]) => {
    const cells = range(taps).flatMap((tap) => {
      const cell = cellUnder([r! * columns + s!, tap], size, window);
      return cell ? [{ value: at(x, n!, c!, ...cell), at: cell[0] * size[1]! + cell[1] }] : [];
    });
    return f(cells, taps);
  });
}

const firstLargest = (cells: { value: number; at: number }[]): { value: number; at: number } =>
  cells.find((cell) => Number.isNaN(cell.value)) ??
  cells.reduce((best, cell) => (cell.value > best.value ? cell : best));

const POOLS: readonly Case[] = [
  of('windows side by side', [[2, 3, 4, 4]], { kernel: 2 }),
  of('overlapping windows', [[3, 2, 5, 4]], { kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
  of('one element', [[1, 1, 1, 1]], { kernel: 1 }),
  of('no images', [[0, 2, 4, 4]], { kernel: 2 }),
];
const LARGE_POOL = of('large', [[20, 8, 24, 24]], { kernel: 3, stride: 2, padding: 1 });
const POOL_EXAMPLES: Row['examples'] = [
  { axes: [0], output: 0 },
  { axes: [0], output: 0, of: 'overlapping windows' },
  { axes: [1], output: 1 },
];

/** Convolutions, windows and pooling. */
export const windows: readonly Row[] = [
  {
    name: 'conv2d',
    run: ([x, w], options) => conv2d(x!, w!, options),
    reference: ([x, w], options) => convolved(x!, w!, options),
    cases: [
      of(
        'plain',
        [
          [3, 2, 4, 4],
          [2, 2, 3, 3],
        ],
        {},
      ),
      of(
        'strides, padding, dilation',
        [
          [2, 2, 4, 3],
          [3, 2, 2, 2],
        ],
        GENERAL,
      ),
      of(
        'pointwise',
        [
          [2, 3, 2, 2],
          [2, 3, 1, 1],
        ],
        {},
      ),
      of(
        'one element',
        [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
        {},
      ),
      of(
        'no images',
        [
          [0, 2, 3, 3],
          [2, 2, 2, 2],
        ],
        {},
      ),
      of(
        'no channels',
        [
          [2, 0, 3, 3],
          [2, 0, 2, 2],
        ],
        {},
      ),
    ],
    large: of(
      'large',
      [
        [16, 4, 16, 16],
        [9, 4, 3, 3],
      ],
      { padding: 1 },
    ),
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'strides, padding, dilation' },
      { axes: [0, null], output: 0, of: 'pointwise' },
    ],
    mixes: [{ axes: [1, null] }, { axes: [null, 0] }],
  },
  {
    name: 'conv2dInputGrad',
    run: ([g, w], options) => conv2dInputGrad(g!, w!, options),
    reference: ([g, w], options) => inputGradient(g!, w!, options),
    cases: [
      of(
        'plain',
        [
          [3, 2, 2, 2],
          [2, 2, 3, 3],
        ],
        { size: 4 },
      ),
      of(
        'strides, padding, dilation',
        [
          [2, 3, 3, 5],
          [3, 2, 2, 2],
        ],
        { ...GENERAL, size: [4, 3] },
      ),
      of(
        'one element',
        [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
        { size: 1 },
      ),
      of(
        'no images',
        [
          [0, 2, 2, 2],
          [2, 2, 2, 2],
        ],
        { size: 3 },
      ),
    ],
    large: of(
      'large',
      [
        [16, 9, 16, 16],
        [9, 4, 3, 3],
      ],
      { padding: 1, size: 16 },
    ),
    examples: [
      { axes: [0, null], output: 0 },
      { axes: [0, null], output: 0, of: 'strides, padding, dilation' },
    ],
    mixes: [{ axes: [null, 0] }],
  },
  {
    name: 'conv2dWeightGrad',
    run: ([x, g], options) => conv2dWeightGrad(x!, g!, options),
    reference: ([x, g], options) => weightGradient(x!, g!, options),
    cases: [
      of(
        'plain',
        [
          [2, 2, 4, 4],
          [2, 2, 2, 2],
        ],
        { kernel: 3 },
      ),
      of(
        'strides, padding, dilation',
        [
          [2, 2, 4, 3],
          [2, 3, 3, 5],
        ],
        { ...GENERAL, kernel: 2 },
      ),
      of(
        'one element',
        [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
        { kernel: 1 },
      ),
      of(
        'no images',
        [
          [0, 2, 3, 3],
          [0, 2, 2, 2],
        ],
        { kernel: 2 },
      ),
    ],
    large: of(
      'large',
      [
        [16, 4, 16, 16],
        [16, 9, 16, 16],
      ],
      { padding: 1, kernel: 3 },
    ),
    mixes: [{ axes: [0, 0] }],
  },
  {
    name: 'unfold',
    run: ([x], options) => unfold(x!, options),
    reference: ([x], options) => patchesOf(x!, options),
    cases: [
      of('plain', [[3, 2, 3, 3]], { kernel: 2 }),
      of('strides, padding, dilation', [[2, 2, 4, 3]], { ...GENERAL, kernel: [3, 2] }),
      of('one element', [[1, 1, 1, 1]], { kernel: 1 }),
      of('no images', [[0, 2, 3, 3]], { kernel: 2 }),
    ],
    large: of('large', [[16, 4, 20, 20]], { kernel: 3, padding: 1 }),
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ axes: [1] }],
  },
  {
    name: 'fold',
    run: ([patches], options) => fold(patches!, options),
    reference: ([patches], options) => folded(patches!, pair(options.size), options),
    cases: [
      of('plain', [[3, 4, 8]], { kernel: 2, size: 3 }),
      of('strides, padding, dilation', [[2, 10, 12]], { ...GENERAL, kernel: [3, 2], size: [4, 3] }),
      of('one element', [[1, 1, 1]], { kernel: 1, size: 1 }),
      of('no images', [[0, 4, 8]], { kernel: 2, size: 3 }),
    ],
    large: of('large', [[16, 400, 36]], { kernel: 3, padding: 1, size: 20 }),
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ axes: [2] }],
  },
  {
    name: 'maxPool2d',
    run: ([x], options) => {
      const { y, indices } = maxPool2dWithIndices(x!, options);
      return [y, indices];
    },
    reference: ([x], options) => [
      pooled(x!, options, (cells) => firstLargest(cells).value),
      pooled(x!, options, (cells) => firstLargest(cells).at),
    ],
    cases: POOLS,
    special: [
      of(
        'NaN and infinities',
        [[1, 1, 2, 6]],
        { kernel: 2 },
        { values: [NaN, 1, -Infinity, -Infinity, 3, 3, 2, NaN, -Infinity, -Infinity, 3, Infinity] },
      ),
    ],
    large: LARGE_POOL,
    gives: ['float', 'int32'],
    examples: POOL_EXAMPLES,
    mixes: [{ axes: [2] }],
  },
  {
    name: 'avgPool2d',
    run: ([x], options) => avgPool2d(x!, options),
    reference: ([x], options) =>
      pooled(x!, options, (cells, taps) => cells.reduce((sum, { value }) => sum + value, 0) / taps),
    cases: POOLS,
    large: LARGE_POOL,
    examples: POOL_EXAMPLES,
    mixes: [{ axes: [3] }],
  },
  {
    name: 'avgPool2dGrad',
    // What comes back for the image: the input here is the image itself, pooled.
    run: ([x], options) => {
      const { value, pull } = vjp((image) => avgPool2d(image, options), x!);
      return pull(value);
    },
    reference: ([x], options) => {
      const window = windowOf({ stride: options.kernel, ...options });
      const means = flat(
        pooled(x!, options, (cells, taps) => cells.reduce((sum, { value }) => sum + value, 0) / taps ** 2),
        2,
      );
      const taps = window.kernel[0]! * window.kernel[1]!;
      const patches = build([means.shape[0]!, means.shape[2]!, means.shape[1]! * taps], ([n, t, k]) =>
        at(means, n!, Math.floor(k! / taps), t!),
      );
      return folded(patches, x!.shape.slice(2), window);
    },
    cases: POOLS,
    large: LARGE_POOL,
    examples: POOL_EXAMPLES,
  },
];
