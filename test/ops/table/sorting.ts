import type { Tensor } from '../../../lib/graph/tensor';
import { median, quantile } from '../../../lib/ops/sort/quantile';
import { argsort, sort } from '../../../lib/ops/sort/sort';
import { kthValue, topk } from '../../../lib/ops/sort/topk';
import { indicesOf, type NdArray } from '../../support/array';
import type { Case, Row, Sample } from '../row';

/** Minus zero before zero, NaN last in either direction. */
const compare =
  (descending: boolean) =>
  (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    const order = a === b ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : a - b;
    return descending ? -order : order;
  };

const sortedPlaces = (values: readonly number[], descending: boolean): number[] =>
  [...values.keys()].sort((i, j) => compare(descending)(values[i]!, values[j]!) || i - j);

/** What `f` makes of every line along the axis: lines of results. */
function lines(x: NdArray, axis: number, f: (line: readonly number[]) => readonly number[]): NdArray {
  const along = axis < 0 ? axis + x.shape.length : axis;
  const n = x.shape[along]!;
  const inner = x.shape.slice(along + 1).reduce((size, own) => size * own, 1);
  const length = f(Array<number>(n).fill(0)).length;
  const shape = x.shape.map((own, i) => (i === along ? length : own));
  const data = new Float64Array(shape.reduce((size, own) => size * own, 1));
  for (const index of indicesOf(x.shape.map((own, i) => (i === along ? 1 : own)))) {
    const [outer, last] = [index.slice(0, along), index.slice(along + 1)];
    const place = (extent: number): number =>
      outer.reduce((at, k, i) => at * x.shape[i]! + k, 0) * extent * inner +
      last.reduce((at, k, i) => at * x.shape[along + 1 + i]! + k, 0);
    const line = Array.from({ length: n }, (_, i) => x.data[place(n) + i * inner]!);
    f(line).forEach((value, i) => (data[place(length) + i * inner] = value));
  }
  return { shape, data };
}

const CASES: readonly Case[] = [
  { name: 'rows', inputs: [{ shape: [3, 5] }], options: {} },
  { name: 'columns, descending', inputs: [{ shape: [5, 3] }], options: { axis: 0, descending: true } },
  { name: 'the middle', inputs: [{ shape: [2, 4, 3] }], options: { axis: 1 } },
  { name: 'one element', inputs: [{ shape: [1, 1] }], options: {} },
  { name: 'no elements', inputs: [{ shape: [3, 0] }], options: {} },
  { name: 'no rows', inputs: [{ shape: [0, 3] }], options: {} },
];

/**
 * Shapes with a way of sorting of their own: many short rows together, others by comparisons, with small and with large
 * digits, and in merged chunks.
 */
const LENGTHS: readonly (readonly [n: number, descending: boolean, rows?: number])[] = [
  [130, false, 37],
  [9, true, 50],
  [192, true, 17],
  [200, false],
  [200, true],
  [3001, true],
  [9001, false],
  [270_001, true],
];

const lengths = (sample: Partial<Sample> = {}, longest = Infinity): Case[] =>
  LENGTHS.filter(([n]) => n <= longest).map(([n, descending, rows]) => ({
    name: `${rows === undefined ? '' : `${rows} rows of `}${n} elements${descending ? ', descending' : ''}`,
    inputs: [{ shape: rows === undefined ? [n] : [rows, n], ...sample }],
    options: { descending },
  }));

const SPECIAL: readonly Case[] = [false, true].map((descending) => ({
  name: descending ? 'special numbers, descending' : 'special numbers',
  inputs: [{ shape: [12], values: [3, NaN, -0, 0, -Infinity, 2 ** -149, Infinity, 0, -0, NaN, -1, 3] }],
  options: { descending },
}));

const USES: Pick<Row, 'examples' | 'mixes'> = {
  examples: [
    { axes: [0], output: 0 },
    { axes: [2], output: 2, of: 'the middle' },
  ],
  mixes: [{ axes: [1] }],
};

const sorted: Row['reference'] = ([x], { axis = -1, descending = false } = {}) =>
  lines(x!, axis, (line) => [...line].sort(compare(descending)));
const places: Row['reference'] = ([x], { axis = -1, descending = false } = {}) =>
  lines(x!, axis, (line) => sortedPlaces(line, descending));

/** Integers in which many are equal. */
const ofIntegers = (row: Row, dtype: 'int32' | 'uint8', gives: Row['gives']): Row => ({
  ...row,
  name: `${row.name} of ${dtype}`,
  covers: [row.name],
  cases: CASES.map((of) => ({
    ...of,
    inputs: of.inputs.map((x) => ({ ...x, dtype, range: [dtype === 'int32' ? -3 : 0, 4] as const })),
  })),
  special: lengths({ dtype, range: [dtype === 'int32' ? -100 : 0, 200] }, 10_000),
  orders: 0,
  ...(gives ? { gives } : {}),
  examples: [],
  mixes: [],
});

const large: Case = { name: 'large', inputs: [{ shape: [300_001] }], options: {} };

const sortRow: Row = {
  name: 'sort',
  run: ([x], options) => sort(x!, options),
  reference: sorted,
  cases: CASES,
  special: [...SPECIAL, ...lengths()],
  large,
  ...USES,
};

const argsortRow: Row = {
  name: 'argsort',
  run: ([x], options) => argsort(x!, options),
  reference: places,
  cases: CASES,
  special: [...SPECIAL, ...lengths()],
  large,
  gives: ['int32'],
  orders: 0,
  ...USES,
};

const picked = ({ values, indices }: { values: Tensor; indices: Tensor }): Tensor[] => [values, indices];

/** The line at the first places in order. */
const first =
  (count: number, from: number) =>
  (x: NdArray, axis: number, descending: boolean): NdArray[] => {
    const chosen = (line: readonly number[]): number[] => sortedPlaces(line, descending).slice(from, count);
    return [lines(x, axis, (line) => chosen(line).map((i) => line[i]!)), lines(x, axis, chosen)];
  };

/** NumPy's rule for `linear`, which all others of the table are compared with by hand in quantile.test.ts. */
const linear = (values: readonly number[], q: number): number => {
  if (values.some(Number.isNaN)) return NaN;
  const line = [...values].sort((a, b) => a - b);
  const position = q * (line.length - 1);
  const [low, high] = [line[Math.floor(position)]!, line[Math.ceil(position)]!];
  return low === high ? low : low * (1 - (position % 1)) + high * (position % 1);
};

/** Sorting, and what is made of it. */
export const sorting: readonly Row[] = [
  sortRow,
  argsortRow,
  ofIntegers(sortRow, 'int32', ['int32']),
  ofIntegers(argsortRow, 'int32', undefined),
  ofIntegers(sortRow, 'uint8', ['uint8']),
  {
    name: 'topk',
    run: ([x], { k, ...options }) => picked(topk(x!, k, options)),
    reference: ([x], { k, axis = -1, largest = true }) => first(k, 0)(x!, axis, largest),
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 5] }], options: { k: 2 } },
      {
        name: 'the smallest of columns',
        inputs: [{ shape: [5, 3] }],
        options: { k: 3, axis: 0, largest: false },
      },
      { name: 'all', inputs: [{ shape: [2, 3] }], options: { k: 3 } },
      { name: 'none', inputs: [{ shape: [2, 3] }], options: { k: 0 } },
      { name: 'one element', inputs: [{ shape: [1, 1] }], options: { k: 1 } },
      { name: 'no rows', inputs: [{ shape: [0, 3] }], options: { k: 2 } },
    ],
    special: [
      { name: 'special numbers', inputs: SPECIAL[0]!.inputs, options: { k: 11 } },
      {
        name: 'equal ones',
        inputs: [{ shape: [2000], values: Array.from({ length: 2000 }, (_, i) => i % 3) }],
        options: { k: 900 },
      },
      { name: 'a few of many', inputs: [{ shape: [200_001] }], options: { k: 100 } },
      { name: 'most of many', inputs: [{ shape: [30_001] }], options: { k: 20_000 } },
      {
        name: 'more than are looked for',
        inputs: [{ shape: [80_001] }],
        options: { k: 70_000, largest: false },
      },
    ],
    large: { name: 'large', inputs: [{ shape: [3, 200_001] }], options: { k: 70 } },
    gives: ['float', 'int32'],
    mixes: [{ axes: [1] }],
  },
  {
    name: 'kthValue',
    covers: ['topk'],
    run: ([x], { k, ...options }) => picked(kthValue(x!, k, options)),
    reference: ([x], { k, axis = -1 }) =>
      first(k, k - 1)(x!, axis, false).map(({ shape, data }) => ({
        shape: shape.filter((_, i) => i !== (axis < 0 ? axis + shape.length : axis)),
        data,
      })),
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 5] }], options: { k: 2 } },
      { name: 'columns', inputs: [{ shape: [5, 3] }], options: { k: 5, axis: 0 } },
      { name: 'one element', inputs: [{ shape: [1, 1] }], options: { k: 1 } },
      { name: 'no rows', inputs: [{ shape: [0, 3] }], options: { k: 2 } },
    ],
    gives: ['float', 'int32'],
  },
  {
    name: 'quantile',
    covers: ['sort', 'take'],
    run: ([x], { q, ...options }) => quantile(x!, q, options),
    reference: ([x], { q, axis = -1 }) => {
      const fractions = [q].flat() as number[];
      const all = fractions.map((own) => lines(x!, axis, (line) => [linear(line, own)]));
      const kept = x!.shape.filter((_, i) => i !== (axis < 0 ? axis + x!.shape.length : axis));
      const data = Float64Array.from(all.flatMap((part) => [...part.data]));
      return { shape: typeof q === 'number' ? kept : [fractions.length, ...kept], data };
    },
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 5] }], options: { q: 0.3, axis: 1 } },
      { name: 'several', inputs: [{ shape: [4, 3] }], options: { q: [0, 0.1, 0.5, 1], axis: 0 } },
      { name: 'one element', inputs: [{ shape: [1, 1] }], options: { q: 0.5, axis: 0 } },
      { name: 'no rows', inputs: [{ shape: [0, 3] }], options: { q: 0.5, axis: 1 } },
    ],
    special: [
      {
        name: 'NaN',
        inputs: [{ shape: [2, 3], values: [1, NaN, 2, 3, 1, 2] }],
        options: { q: 0.5, axis: 1 },
      },
      {
        name: 'infinities',
        inputs: [{ shape: [4], values: [-Infinity, 1, 2, Infinity] }],
        options: { q: [0, 0.4, 0.5, 0.9, 1], axis: 0 },
      },
    ],
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'median',
    covers: ['sort'],
    run: ([x], options) => median(x!, options),
    reference: ([x], { axis = -1 }) => {
      const { shape, data } = lines(x!, axis, (line) => [linear(line, 0.5)]);
      return { shape: shape.filter((_, i) => i !== axis), data };
    },
    cases: [
      { name: 'rows', inputs: [{ shape: [3, 5] }], options: { axis: 1 } },
      { name: 'an even number', inputs: [{ shape: [4, 3] }], options: { axis: 0 } },
      { name: 'one element', inputs: [{ shape: [1, 1] }], options: { axis: 0 } },
      { name: 'no rows', inputs: [{ shape: [0, 3] }], options: { axis: 1 } },
    ],
  },
];
