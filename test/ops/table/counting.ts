import { bincount, histogramCounts } from '../../../lib/ops/sort/counting';
import { searchSorted } from '../../../lib/ops/sort/searchSorted';
import type { Row } from '../row';

/** Places among sorted numbers, and counts. */
export const counting: readonly Row[] = [
  {
    name: 'searchSorted',
    run: ([line, values], options) => searchSorted(line!, values!, options),
    reference: ([line, values], { side = 'left' } = {}) => {
      const n = line!.shape.at(-1)!;
      const m = values!.shape.at(-1) ?? 1;
      const data = values!.data.map((value, i) => {
        const start = line!.shape.length === 1 ? 0 : Math.floor(i / m) * n;
        const row = [...line!.data.slice(start, start + n)];
        const isBefore = (a: number, b: number): boolean => a < b || (!Number.isNaN(a) && Number.isNaN(b));
        return row.filter((own) => (side === 'left' ? isBefore(own, value) : !isBefore(value, own))).length;
      });
      return { shape: values!.shape, data };
    },
    cases: [
      ...(['left', 'right'] as const).map((side) => ({
        name: side,
        inputs: [
          { shape: [5], values: [-1, 0, 0, 1, 1] },
          { shape: [2, 4], values: [-2, -1, 0, 0.5, 1, 2, -0, -0.5] },
        ],
        options: { side },
      })),
      {
        name: 'a row each',
        inputs: [
          { shape: [2, 3], values: [1, 2, 3, 0, 0, 5] },
          { shape: [2, 2], values: [2, 4, 0, 6] },
        ],
        options: {},
      },
      {
        name: 'integers',
        inputs: [
          { shape: [3], dtype: 'int32', values: [1, 4, 6] },
          { shape: [40], dtype: 'int32', range: [0, 9] },
        ],
        options: {},
      },
      { name: 'one element', inputs: [{ shape: [1] }, { shape: [1] }], options: {} },
      { name: 'no elements', inputs: [{ shape: [0] }, { shape: [0, 2] }], options: {} },
      { name: 'in nothing', inputs: [{ shape: [0] }, { shape: [3] }], options: {} },
    ],
    special: [
      {
        name: 'NaN',
        inputs: [
          { shape: [4], values: [1, 2, NaN, NaN] },
          { shape: [3], values: [NaN, 3, Infinity] },
        ],
        options: { side: 'left' },
      },
      {
        name: 'NaN, right',
        inputs: [
          { shape: [4], values: [1, 2, NaN, NaN] },
          { shape: [3], values: [NaN, 3, Infinity] },
        ],
        options: { side: 'right' },
      },
    ],
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'bincount',
    run: ([x], options) => bincount(x!, options),
    reference: ([x], { length }: { length: number }) => {
      const data = new Float64Array(length);
      for (const value of x!.data) data[value]! += 1;
      return { shape: [length], data };
    },
    cases: [
      {
        name: 'a matrix',
        inputs: [{ shape: [3, 5], dtype: 'int32', range: [0, 4] }],
        options: { length: 6 },
      },
      { name: 'one element', inputs: [{ shape: [1], dtype: 'int32', values: [0] }], options: { length: 1 } },
      { name: 'no elements', inputs: [{ shape: [0], dtype: 'int32' }], options: { length: 3 } },
      {
        name: 'many',
        inputs: [{ shape: [200_003], dtype: 'int32', range: [0, 100] }],
        options: { length: 100 },
      },
      {
        name: 'into a long table',
        inputs: [{ shape: [500_003], dtype: 'int32', range: [0, 40_000] }],
        options: { length: 40_001 },
      },
    ],
    large: {
      name: 'large',
      inputs: [{ shape: [200_003], dtype: 'int32', range: [0, 100] }],
      options: { length: 100 },
    },
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'bincount with weights',
    covers: ['takeAlongGrad'],
    run: ([x, weights], options) => bincount(x!, { ...options, weights: weights! }),
    reference: ([x, weights], { length }: { length: number }) => {
      const data = new Float64Array(length);
      x!.data.forEach((value, i) => (data[value]! += weights!.data[i]!));
      return { shape: [length], data };
    },
    cases: [
      {
        name: 'a matrix',
        inputs: [{ shape: [3, 5], dtype: 'int32', range: [0, 4] }, { shape: [3, 5] }],
        options: { length: 6 },
      },
    ],
    without: { empty: 'see takeAlong', size1: 'see takeAlong' },
  },
  {
    name: 'histogramCounts',
    covers: ['searchSorted', 'bincount'],
    run: ([x], options) => histogramCounts(x!, options).counts,
    reference: ([x], { bins, range }: { bins: number | number[]; range?: [number, number] }) => {
      const given = [...x!.data];
      const [low, high] = range ?? [Math.min(...given), Math.max(...given)];
      const edges =
        typeof bins === 'number'
          ? Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins)
          : bins;
      const last = edges.length - 2;
      const data = edges
        .slice(1)
        .map(
          (edge, i) =>
            given.filter((value) => value >= edges[i]! && (value < edge || (i === last && value === edge)))
              .length,
        );
      return { shape: [last + 1], data: Float64Array.from(data) };
    },
    cases: [
      { name: 'a range', inputs: [{ shape: [40], range: [-2, 3] }], options: { bins: 4, range: [-1, 2] } },
      {
        name: 'edges',
        inputs: [{ shape: [6], values: [0, 1, 1.5, 4, 5, -1] }],
        options: { bins: [0, 1, 4] },
      },
      { name: 'from the data', inputs: [{ shape: [5], values: [1, 2, 3, 5, 5] }], options: { bins: 4 } },
      { name: 'one element', inputs: [{ shape: [1], values: [2] }], options: { bins: 2, range: [1, 3] } },
      { name: 'no elements', inputs: [{ shape: [0] }], options: { bins: 2, range: [0, 1] } },
    ],
    special: [
      {
        name: 'NaN',
        inputs: [{ shape: [4], values: [NaN, Infinity, 0.5, -Infinity] }],
        options: { bins: 2, range: [0, 1] },
      },
    ],
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'densities of histogramCounts',
    covers: ['searchSorted', 'bincount', 'div'],
    run: ([x], bins) => histogramCounts(x!, { bins, density: true }).counts,
    reference: ([x], edges: number[]) => {
      const counts = edges
        .slice(1)
        .map((edge, i) => [...x!.data].filter((value) => value >= edges[i]! && value < edge).length);
      const counted = counts.reduce((total, count) => total + count, 0);
      const data = counts.map((count, i) => count / counted / (edges[i + 1]! - edges[i]!));
      return { shape: [counts.length], data: Float64Array.from(data) };
    },
    cases: [
      { name: 'uneven bins', inputs: [{ shape: [40], range: [-2, 3] }], options: [-1, 0, 0.5, 2.5] },
      { name: 'one element', inputs: [{ shape: [1], values: [2] }], options: [0, 3, 4] },
      { name: 'no elements', inputs: [{ shape: [0] }], options: [0, 1, 2] },
    ],
    orders: 0,
  },
];
