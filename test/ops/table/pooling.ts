import { avgPool2d, maxPool2dWithIndices } from '../../../lib/ops/networks/pool2d';
import { vjp } from '../../../lib/transforms/vjp';
import { at, build, flattenFrom, type NdArray } from '../../support/array';
import { cellUnder, folded, positions, windowOf } from '../../support/windows';
import { ofShapes, type Case, type Row } from '../row';

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
    const cells = Array.from({ length: taps }, (_, tap) => tap).flatMap((tap) => {
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
  ofShapes('windows side by side', { kernel: 2 }, [2, 3, 4, 4]),
  ofShapes('overlapping windows', { kernel: [3, 2], stride: [2, 1], padding: [1, 0] }, [3, 2, 5, 4]),
  ofShapes('one element', { kernel: 1 }, [1, 1, 1, 1]),
  ofShapes('no images', { kernel: 2 }, [0, 2, 4, 4]),
];
const LARGE_POOL = ofShapes('large', { kernel: 3, stride: 2, padding: 1 }, [20, 8, 24, 24]);
const POOL_EXAMPLES: Row['examples'] = [
  { axes: [0], output: 0 },
  { axes: [0], output: 0, of: 'overlapping windows' },
  { axes: [1], output: 1 },
];

/** Pooling. */
export const pooling: readonly Row[] = [
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
