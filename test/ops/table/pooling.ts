import {
  adaptiveAvgPool,
  adaptiveMaxPool,
  globalAvgPool,
  globalMaxPool,
} from '../../../lib/ops/networks/adaptivePool';
import { avgPool1d, maxPool1d } from '../../../lib/ops/networks/pool1d';
import { avgPool2d, maxPool2d, maxPool2dWithIndices } from '../../../lib/ops/networks/pool2d';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, flattenFrom, type NdArray } from '../../support/array';
import { cellUnder, folded, positions, windowOf, type Window } from '../../support/windows';
import { ofShapes, valuesOf, type Case, type Row } from '../row';

/** The windows of a pooling: under `ceilMode` the high padding reaches as far as the last window that begins in time. */
function windowFor(x: NdArray, options: any): Window {
  const window = windowOf({ stride: options.kernel, ...options });
  if (!options.ceilMode) return window;
  const sides = [0, 1].map((i) => {
    const [size, low] = [x.shape[2 + i]!, window.padding[i]![0]!];
    let end = size + low;
    for (let begin = 0; begin < size + low; begin += window.stride[i]!) {
      // One more window when the one before it does not reach the end.
      if (begin === 0 || begin - window.stride[i]! + window.kernel[i]! < size + 2 * low) {
        end = Math.max(end, begin + window.kernel[i]! - low);
      }
    }
    return [low, end - size];
  });
  return { ...window, padding: sides };
}

/** How many cells of a window a mean divides by. */
function divisor(x: NdArray, options: any, [r, s]: readonly number[]): number {
  const window = windowFor(x, options);
  const along = (i: number, o: number): number => {
    const begin = o * window.stride[i]! - window.padding[i]![0]!;
    const margin = (options.countIncludePad ?? true) ? window.padding[i]![0]! : 0;
    const end = Math.min(begin + window.kernel[i]!, x.shape[2 + i]! + margin);
    return end - Math.max(begin, -margin);
  };
  return along(0, r!) * along(1, s!);
}

/** The windows of a pooling: for every position the cells under it, and where they lie in the plane. */
function pooled(
  x: NdArray,
  options: any,
  f: (cells: { value: number; at: number }[], taps: number, position: readonly number[]) => number,
): NdArray {
  const window = windowFor(x, options);
  const size = x.shape.slice(2);
  const [rows, columns] = positions(size, window) as [number, number];
  const taps = window.kernel[0]! * window.kernel[1]!;
  return build([x.shape[0]!, x.shape[1]!, rows, columns], ([n, c, r, s]) => {
    const cells = Array.from({ length: taps }, (_, tap) => tap).flatMap((tap) => {
      const cell = cellUnder([r! * columns + s!, tap], size, window);
      return cell ? [{ value: at(x, n!, c!, ...cell), at: cell[0] * size[1]! + cell[1] }] : [];
    });
    return f(cells, taps, [r!, s!]);
  });
}

const firstLargest = (cells: { value: number; at: number }[]): { value: number; at: number } =>
  cells.find((cell) => Number.isNaN(cell.value)) ??
  cells.reduce((best, cell) => (cell.value > best.value ? cell : best));

const POOLS: readonly Case[] = [
  ofShapes('windows side by side', { kernel: 2 }, [2, 3, 4, 4]),
  ofShapes('overlapping windows', { kernel: [3, 2], stride: [2, 1], padding: [1, 0] }, [3, 2, 5, 4]),
  ofShapes('one element', { kernel: 1 }, [1, 1, 1, 1]),
  ofShapes('no images', { kernel: 2 }, [0, 2, 4, 4]),
  // Rows of more windows than a vector holds, and some left over.
  ofShapes('wide, side by side', { kernel: 2 }, [1, 2, 5, 75]),
  ofShapes('wide, one apart', { kernel: 3, stride: 1, padding: 1 }, [1, 1, 3, 43]),
  ofShapes('wide, two apart', { kernel: 3, stride: 2, padding: 1 }, [1, 1, 5, 81]),
  ofShapes('wide, three apart', { kernel: [1, 4], stride: 3, padding: [0, 2] }, [1, 1, 2, 120]),
];
const CEILED: readonly Case[] = [
  ofShapes('rounded up', { kernel: 2, ceilMode: true }, [2, 1, 5, 4]),
  ofShapes(
    'rounded up, a window in the padding left out',
    { kernel: [3, 2], stride: 3, padding: 1, ceilMode: true },
    [1, 2, 4, 5],
  ),
];
const LARGE_POOL = ofShapes('large', { kernel: 3, stride: 2, padding: 1 }, [20, 8, 24, 24]);
const POOL_EXAMPLES: Row['examples'] = [
  { axes: [0], output: 0 },
  { axes: [0], output: 0, of: 'overlapping windows' },
  { axes: [1], output: 1 },
];

/** Pools every part of all axes after the first two. */
function parted(x: NdArray, size: number | readonly number[], f: (cells: number[]) => number): NdArray {
  const axes = x.shape.length - 2;
  const sizes = typeof size === 'number' ? Array<number>(axes).fill(size) : size;
  return build([...x.shape.slice(0, 2), ...sizes], ([n, c, ...part]) => {
    const cells: number[] = [];
    build(x.shape.slice(2), (cell) => {
      const isInside = cell.every((own, i) => {
        const [from, to] = [x.shape[2 + i]!, sizes[i]!];
        return own >= Math.floor((part[i]! * from) / to) && own < Math.ceil(((part[i]! + 1) * from) / to);
      });
      if (isInside) cells.push(at(x, n!, c!, ...cell));
      return 0;
    });
    return f(cells);
  });
}
const PARTS: readonly Case[] = [
  ofShapes('parts that overlap', { size: [3, 2] }, [2, 2, 5, 3]),
  ofShapes('parts that divide', { size: 2 }, [2, 1, 4, 2]),
  ofShapes('sequences', { size: 3 }, [2, 2, 7]),
  ofShapes('larger than before', { size: [3, 1] }, [1, 2, 2, 2]),
  ofShapes('one element', { size: 1 }, [1, 1, 1]),
  ofShapes('no images', { size: 2 }, [0, 2, 3, 4]),
];
const mean = (cells: readonly number[]): number => cells.reduce((sum, own) => sum + own, 0) / cells.length;
const partsOfExamples: Row['examples'] = [
  { axes: [0], output: 0 },
  { axes: [1], output: 1 },
];

/** One axis after another as height 1. */
const asImages = ({ shape, data }: NdArray): NdArray => ({
  shape: [shape[0]!, shape[1]!, 1, shape[2]!],
  data,
});
const alongSequence =
  (f: (cells: { value: number; at: number }[], taps: number) => number) =>
  ([x]: readonly NdArray[], { kernel, stride = kernel, padding = 0, ...more }: any): NdArray => {
    const options = { kernel: [1, kernel], stride: [1, stride], padding: [0, padding], ...more };
    const { shape, data } = pooled(asImages(x!), options, f);
    return { shape: [shape[0]!, shape[1]!, shape[3]!], data };
  };
const SEQUENCES: readonly Case[] = [
  ofShapes('windows side by side', { kernel: 2 }, [2, 2, 6]),
  ofShapes('overlapping windows', { kernel: 3, stride: 1, padding: 1 }, [2, 1, 4]),
  ofShapes('one element', { kernel: 1 }, [1, 1, 1]),
  ofShapes('no sequences', { kernel: 2 }, [0, 2, 4]),
];

/** Pooling. */
export const pooling: readonly Row[] = [
  {
    name: 'maxPool1d',
    covers: [],
    run: ([x], options) => maxPool1d(x!, options),
    reference: alongSequence((cells) => firstLargest(cells).value),
    cases: SEQUENCES,
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'avgPool1d',
    covers: [],
    run: ([x], options) => avgPool1d(x!, options),
    reference: alongSequence((cells, taps) => cells.reduce((sum, { value }) => sum + value, 0) / taps),
    cases: SEQUENCES,
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'adaptiveAvgPool',
    covers: [],
    run: ([x], { size }) => adaptiveAvgPool(x!, size),
    reference: ([x], { size }) => parted(x!, size, mean),
    cases: PARTS,
    examples: partsOfExamples,
  },
  {
    name: 'adaptiveMaxPool',
    covers: [],
    run: ([x], { size }) => adaptiveMaxPool(x!, size),
    reference: ([x], { size }) => parted(x!, size, (cells) => Math.max(...cells)),
    cases: PARTS,
    examples: partsOfExamples,
  },
  {
    name: 'globalAvgPool',
    covers: [],
    run: ([x]) => globalAvgPool(x!),
    reference: ([x]) => flattenFrom(parted(x!, 1, mean), 1),
    cases: [
      ofShapes('images', {}, [2, 3, 2, 4]),
      ofShapes('one', {}, [1, 1, 1]),
      ofShapes('none', {}, [0, 2, 2]),
    ],
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'globalMaxPool',
    covers: [],
    run: ([x]) => globalMaxPool(x!),
    reference: ([x]) =>
      flattenFrom(
        parted(x!, 1, (cells) => Math.max(...cells)),
        1,
      ),
    cases: [
      ofShapes('images', {}, [2, 3, 2, 4]),
      ofShapes('one', {}, [1, 1, 1]),
      ofShapes('none', {}, [0, 2, 2]),
    ],
    examples: [{ axes: [0], output: 0 }],
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
    cases: [...POOLS, ...CEILED],
    special: [
      {
        name: 'NaN and infinities',
        inputs: [
          {
            shape: [1, 1, 2, 6],
            values: [NaN, 1, -Infinity, -Infinity, 3, 3, 2, NaN, -Infinity, -Infinity, 3, Infinity],
          },
        ],
        options: { kernel: 2 },
      },
    ],
    large: LARGE_POOL,
    gives: ['float', 'int32'],
    examples: POOL_EXAMPLES,
    mixes: [{ axes: [2] }],
  },
  {
    name: 'maxPool2dGrad',
    // What comes back for the image: the input here is the image itself, pooled; which cells win is fixed.
    run: ([x, g], options) => vjp((image) => maxPool2d(image, options), x!).pull(g!),
    reference: ([x, g], options) => {
      const places = pooled(x!, options, (cells) => firstLargest(cells).at);
      return build(x!.shape, ([n, c, row, column]) => {
        const cell = row! * x!.shape[3]! + column!;
        let sum = 0;
        build(places.shape.slice(2), ([r, s]) => {
          if (at(places, n!, c!, r!, s!) === cell) sum += at(g!, n!, c!, r!, s!);
          return 0;
        });
        return sum;
      });
    },
    cases: [
      ...[...POOLS, ...CEILED].map((of) => ({
        ...of,
        inputs: [
          { ...of.inputs[0]!, constant: true },
          { shape: pooled(valuesOf(of)[0]!, of.options, () => 0).shape },
        ],
      })),
      {
        name: 'windows apart',
        inputs: [{ shape: [1, 2, 5, 7], constant: true }, { shape: [1, 2, 2, 2] }],
        options: { kernel: [2, 1], stride: [3, 4] },
      },
    ],
    large: {
      name: 'large',
      inputs: [{ shape: [20, 8, 24, 24] }, { shape: [20, 8, 12, 12] }],
      options: { kernel: 2 },
    },
    examples: [
      { axes: [0, 0], output: 0 },
      { axes: [0, 0], output: 0, of: 'overlapping windows' },
    ],
  },
  {
    name: 'avgPool2d',
    run: ([x], options) => avgPool2d(x!, options),
    reference: ([x], options) =>
      pooled(
        x!,
        options,
        (cells, _taps, at) => cells.reduce((sum, { value }) => sum + value, 0) / divisor(x!, options, at),
      ),
    cases: [
      ...POOLS,
      ...CEILED,
      ofShapes(
        'real cells alone',
        { kernel: 3, padding: 1, stride: 2, countIncludePad: false },
        [1, 2, 4, 3],
      ),
      ofShapes(
        'rounded up, real cells alone',
        { kernel: 2, padding: 1, ceilMode: true, countIncludePad: false },
        [2, 1, 4, 5],
      ),
    ],
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
      const means = flattenFrom(
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
