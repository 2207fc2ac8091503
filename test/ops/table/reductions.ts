import type { Tensor } from '../../../lib/graph/tensor';
import { logSumExp, max, mean, min, variance } from '../../../lib/ops/reduce/reduce';
import { sum, type ReduceOptions } from '../../../lib/ops/reduce/sum';
import { build, elementsAlong, type NdArray } from '../../support/array';
import type { Case, Row } from '../row';

const total = (values: readonly number[]): number => values.reduce((sumSoFar, value) => sumSoFar + value, 0);
const average = (values: readonly number[]): number => total(values) / values.length;

/** The reference of a reduction of the elements along some axes. */
const reduction =
  (f: (values: readonly number[], options: any) => number): Row['reference'] =>
  ([x], options: any = {}): NdArray => {
    const { axis, keepDims = false } = options as ReduceOptions;
    const rank = x!.shape.length;
    const axes = (axis === undefined ? [...x!.shape.keys()] : [axis].flat()).map((own) =>
      own < 0 ? own + rank : own,
    );
    const kept = x!.shape.map((own, i) => (axes.includes(i) ? 1 : own));
    const { data } = build(kept, (index) => f(elementsAlong(x!, axes, index), options));
    return { shape: keepDims ? kept : x!.shape.filter((_, i) => !axes.includes(i)), data };
  };

const CASES: readonly Case[] = [
  { name: 'rows', inputs: [{ shape: [3, 4] }], options: { axis: 1 } },
  { name: 'columns', inputs: [{ shape: [4, 3] }], options: { axis: 0, keepDims: true } },
  { name: 'all', inputs: [{ shape: [2, 3, 2] }] },
  { name: 'around the middle', inputs: [{ shape: [2, 3, 2, 2] }], options: { axis: [0, -1] } },
  { name: 'the middle', inputs: [{ shape: [2, 3, 2] }], options: { axis: 1 } },
  { name: 'no axis', inputs: [{ shape: [3] }], options: { axis: [] } },
  { name: 'one element', inputs: [{ shape: [1, 1] }], options: { axis: 0 } },
  { name: 'no elements', inputs: [{ shape: [0, 3] }], options: { axis: 1 } },
];

const special = (values: readonly number[]): Case => ({
  name: `of ${values.join(', ')}`,
  inputs: [{ shape: [1, values.length], values }],
  options: { axis: 1 },
});
const SPECIAL = [
  [1, NaN, 3],
  [Infinity, 1, -2],
  [Infinity, -Infinity],
  [-Infinity, -Infinity],
  [-0, -0],
].map(special);

const row = (
  name: string,
  run: (x: Tensor, options?: any) => Tensor,
  f: (values: readonly number[], options: any) => number,
  rest: Partial<Row> = {},
): Row => ({
  name,
  run: ([x], options) => run(x!, options),
  reference: reduction(f),
  cases: CASES,
  special: SPECIAL,
  large: { name: 'large', inputs: [{ shape: [301, 257] }], options: { axis: 0 } },
  examples: [
    { axes: [0], output: 0 },
    { axes: [0], output: 0, of: 'the middle' },
    { axes: [2], output: 1, of: 'the middle' },
    { axes: [1], output: 1, of: 'columns' },
  ],
  mixes: [{ axes: [0], of: 'columns' }],
  ...rest,
});

const empty: Case = { name: 'an empty axis', inputs: [{ shape: [2, 0] }], options: { axis: 1 } };
const tied: Case = {
  name: 'equal ones',
  inputs: [{ shape: [2, 3], values: [1, 2, 2, 0, 0, 0] }],
  options: { axis: 1 },
};

/** Ops that reduce axes. */
export const reductions: readonly Row[] = [
  row('sum', sum, total, { cases: [...CASES, empty] }),
  row('sum of everything', sum, total, {
    covers: ['sum'],
    cases: CASES.slice(2, 3).concat(CASES.slice(-2)),
    special: [],
    examples: [],
    mixes: [],
    large: { name: 'large', inputs: [{ shape: [100_003] }] },
  }),
  row('sum of int32', sum, (values) => total(values) | 0, {
    covers: ['sum'],
    cases: [...CASES, empty].map((of) => ({
      ...of,
      inputs: of.inputs.map((x) => ({ ...x, dtype: 'int32' as const })),
    })),
    special: [],
    examples: [],
    mixes: [],
    gives: ['int32'],
    orders: 0,
  }),
  row('max', max, (values) => values.reduce((most, value) => Math.max(most, value))),
  row('min', min, (values) => values.reduce((least, value) => Math.min(least, value))),
  row('equal ones in max', max, (values) => Math.max(...values), {
    covers: ['max'],
    cases: [tied],
    without: { empty: 'see max', size1: 'see max' },
    special: [],
    examples: [{ axes: [0], output: 0 }],
    mixes: [],
    // Equal ones share what a difference gives to one of them.
    orders: 0,
  }),
  row('mean', mean, average, { covers: ['sum', 'div'], mixes: [] }),
  row(
    'variance',
    variance,
    (values, { correction = 0 } = {}) => {
      const centre = average(values);
      return total(values.map((value) => (value - centre) ** 2)) / (values.length - correction);
    },
    {
      covers: ['sum', 'div', 'square'],
      mixes: [],
      cases: [
        ...CASES,
        { name: 'unbiased', inputs: [{ shape: [2, 4] }], options: { axis: 1, correction: 1 } },
      ],
    },
  ),
  row(
    'logSumExp',
    logSumExp,
    (values) => {
      const largest = Math.max(...values);
      if (!Number.isFinite(largest)) return largest;
      return largest + Math.log(total(values.map((value) => Math.exp(value - largest))));
    },
    {
      covers: ['max', 'exp', 'log'],
      special: [...SPECIAL, special([1000, 1000.5]), special([-1000, -1001])],
    },
  ),
];
