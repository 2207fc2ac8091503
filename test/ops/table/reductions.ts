import type { Tensor } from '../../../lib/graph/tensor';
import { all, any, countNonzero } from '../../../lib/ops/reduce/logical';
import { norm } from '../../../lib/ops/reduce/norm';
import { prod } from '../../../lib/ops/reduce/prod';
import { logSumExp, max, mean, min, std, variance } from '../../../lib/ops/reduce/reduce';
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

/** Of what a norm is the root of: in order 3 the powers, else the largest. */
const NORMS: Record<string, (values: readonly number[]) => number> = {
  '2': (values) => Math.hypot(...values),
  '1': (values) => total(values.map(Math.abs)),
  '3': (values) => Math.cbrt(total(values.map((value) => Math.abs(value) ** 3))),
  '0': (values) => values.filter((value) => value !== 0).length,
  Infinity: (values) => Math.max(...values.map(Math.abs)),
  '-Infinity': (values) => Math.min(...values.map(Math.abs)),
};

/** Values with none, one and two zeros per row. */
const zeros: Case = {
  name: 'zeros',
  inputs: [{ shape: [3, 4], values: [2, -1, 3, 0.5, 2, 0, 3, -1, 0, 2, 0, 5] }],
  options: { axis: 1 },
};

const truth = (name: string, run: typeof all, f: (values: readonly number[]) => boolean): Row =>
  row(name, run, (values) => Number(f(values)), {
    covers: [name === 'all' ? 'min' : 'max', 'notEqual'],
    cases: [
      ...CASES.slice(0, -1).map((of) => ({
        ...of,
        inputs: of.inputs.map((x) => ({ ...x, dtype: 'int32' as const, range: [0, 3] as const })),
      })),
      CASES.at(-1)!,
      { name: 'an empty axis', inputs: [{ shape: [2, 0] }], options: { axis: 1 } },
      { name: 'bools', inputs: [{ shape: [2, 300], dtype: 'bool' }], options: { axis: 1 } },
      { name: 'columns of bools', inputs: [{ shape: [300, 70], dtype: 'bool' }], options: { axis: 0 } },
    ],
    special: SPECIAL.slice(0, 2),
    gives: ['bool'],
    orders: 0,
    examples: [],
    mixes: [],
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
  row('sum of bool', sum, total, {
    covers: ['sum', 'cast'],
    cases: [...CASES, empty].map((of) => ({
      ...of,
      inputs: of.inputs.map((x) => ({ ...x, dtype: 'bool' as const })),
    })),
    special: [],
    examples: [],
    mixes: [],
    gives: ['int32'],
    orders: 0,
  }),
  truth('all', all, (values) => values.every((value) => value !== 0)),
  truth('any', any, (values) => values.some((value) => value !== 0)),
  row('countNonzero', countNonzero, (values) => values.filter((value) => value !== 0).length, {
    covers: ['sum', 'notEqual'],
    cases: [...CASES, empty, zeros],
    gives: ['int32'],
    orders: 0,
    examples: [],
    mixes: [],
  }),
  row('prod', prod, (values) => values.reduce((product, value) => product * value, 1), {
    cases: [...CASES, empty, zeros],
    large: { name: 'large', inputs: [{ shape: [257, 301], range: [0.9, 1.1] }], options: { axis: 1 } },
  }),
  row('prod of int32', prod, (values) => values.reduce(Math.imul, 1), {
    covers: ['prod'],
    cases: [...CASES, empty].map((of) => ({
      ...of,
      inputs: of.inputs.map((x) => ({ ...x, dtype: 'int32' as const, range: [-3, 5] as const })),
    })),
    special: [],
    examples: [],
    mixes: [],
    gives: ['int32'],
    orders: 0,
  }),
  ...[2, 1, 3, 0, Infinity, -Infinity].map((order) =>
    row(`norm of order ${order}`, (x, options) => norm(x, { ...options, order }), NORMS[String(order)]!, {
      covers: (
        {
          '2': ['square', 'sum'],
          '1': ['abs', 'sum'],
          '3': ['pow'],
          '0': ['notEqual'],
          Infinity: ['max'],
          '-Infinity': ['min'],
        } as Record<string, string[]>
      )[String(order)]!,
      special:
        order === 0 || order === 3 ? [] : [special([0, 0]), special([3, NaN]), special([-Infinity, 1])],
      orders: order === 0 ? 0 : 2,
      mixes: [],
    }),
  ),
  row('max of uint8', max, (values) => Math.max(...values), {
    covers: ['max'],
    cases: CASES.map((of) => ({ ...of, inputs: of.inputs.map((x) => ({ ...x, dtype: 'uint8' as const })) })),
    special: [],
    gives: ['uint8'],
    orders: 0,
    examples: [],
    mixes: [],
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
    'std',
    std,
    (values, { correction = 0 } = {}) => {
      const centre = average(values);
      return Math.sqrt(total(values.map((value) => (value - centre) ** 2)) / (values.length - correction));
    },
    {
      covers: ['sum', 'div', 'square', 'sqrt'],
      mixes: [],
      // Of one element it is 0, where the root has no derivative.
      cases: [
        ...CASES.filter((of) => of.name !== 'one element' && of.name !== 'no axis'),
        { name: 'unbiased', inputs: [{ shape: [2, 4] }], options: { axis: 1, correction: 1 } },
      ],
      without: { size1: 'the root of 0 has no derivative' },
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
