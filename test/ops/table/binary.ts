import type { DType } from '../../../lib/graph/dtype';
import type { Tensor } from '../../../lib/graph/tensor';
import * as arithmetic from '../../../lib/ops/elementwise/arithmetic';
import { abs, logicalAnd, logicalNot, logicalOr, logicalXor, where } from '../../../lib/ops/elementwise/math';
import type { Case, Row, Sample } from '../row';
import { BINARY_SHAPES, binaryRow, elementwise, SPECIAL } from './elementwise';

const POSITIVE = [0.3, 2] as const;
/** JavaScript says NaN for powers of one and infinite powers of minus one, IEEE 754 says 1. */
const POWERS = SPECIAL.filter((x) => Math.abs(x) !== 1);

const boolean = (
  name: string,
  run: Row['run'],
  reference: (...values: number[]) => boolean,
  operands: number,
): Row => ({
  name,
  run,
  reference: elementwise((...values) => Number(reference(...values))),
  cases: BINARY_SHAPES.map(([caseName, a, b]) => ({
    name: caseName,
    inputs: [a, b].slice(0, operands).map((shape) => ({ shape, dtype: 'bool' })),
  })),
  large: {
    name: 'large',
    inputs: [[300, 257], [257]].slice(0, operands).map((shape) => ({ shape, dtype: 'bool' })),
  },
  gives: ['bool'],
  orders: 0,
});

const comparison = (
  name: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  reference: (a: number, b: number) => boolean,
): Row => {
  const row = binaryRow(name, run, (a, b) => Number(reference(a, b)), { orders: 0, gives: ['bool'] });
  const integers: Case = {
    name: 'integers',
    inputs: [
      { shape: [4, 5], dtype: 'int32' },
      { shape: [5], dtype: 'int32' },
    ],
  };
  return { ...row, cases: [...row.cases, integers] };
};

/** int32 arithmetic wraps around, as it does in every language below. */
const integerRow = (
  name: string,
  run: (inputs: readonly Tensor[]) => Tensor,
  reference: (...values: number[]) => number,
  operands: number,
): Row => {
  const sample = (shape: Sample['shape']): Sample => ({ shape, dtype: 'int32', range: [-9, 9] });
  return {
    name: `${name} of int32`,
    covers: [name],
    run,
    reference: elementwise((...values) => reference(...values) | 0),
    cases: BINARY_SHAPES.map(([caseName, a, b]) => ({
      name: caseName,
      inputs: [a, b].slice(0, operands).map(sample),
    })),
    special: [
      {
        name: 'overflow',
        inputs: [
          { shape: [2], dtype: 'int32' as const, values: [2 ** 31 - 1, -(2 ** 31)] },
          { shape: [2], dtype: 'int32' as const, values: [5, -7] },
        ].slice(0, operands),
      },
    ],
    gives: ['int32'],
    orders: 0,
  };
};

const castRow = (
  from: DType | 'float',
  to: DType,
  values: readonly number[],
  expected: readonly number[],
): Row => ({
  name: `cast from ${from} to ${to}`,
  covers: ['cast'],
  run: ([x]) => arithmetic.cast(x!, to),
  reference: ([x]) => ({
    shape: x!.shape,
    data: x!.data.map((value) => expected[values.findIndex((known) => Object.is(known, value))]!),
  }),
  cases: [
    { name: 'a vector', inputs: [{ shape: [values.length], dtype: from, values }] },
    { name: 'one element', inputs: [{ shape: [1, 1], dtype: from, values: values.slice(0, 1) }] },
    { name: 'no elements', inputs: [{ shape: [2, 0], dtype: from, values: [] }] },
  ],
  gives: [to],
  orders: 0,
});

const FLOATS = [1.9, -1.9, 0, 2 ** 40, -Infinity, NaN].map(Math.fround);

/** Ops of two numbers or more, and of other dtypes than floats. */
export const binary: readonly Row[] = [
  binaryRow('add', arithmetic.add, (a, b) => a + b),
  binaryRow('sub', arithmetic.sub, (a, b) => a - b),
  binaryRow('mul', arithmetic.mul, (a, b) => a * b),
  binaryRow('div', arithmetic.div, (a, b) => a / b, { ranges: [[-2, 2], POSITIVE] }),
  binaryRow('pow', arithmetic.pow, Math.pow, { ranges: [POSITIVE, [-2, 3]], special: POWERS }),
  binaryRow('maximum', arithmetic.maximum, Math.max),
  binaryRow('minimum', arithmetic.minimum, Math.min),
  comparison('greater', arithmetic.greater, (a, b) => a > b),
  comparison('greaterEqual', arithmetic.greaterEqual, (a, b) => a >= b),
  comparison('less', arithmetic.less, (a, b) => a < b),
  comparison('lessEqual', arithmetic.lessEqual, (a, b) => a <= b),
  comparison('equal', arithmetic.equal, (a, b) => a === b),
  comparison('notEqual', arithmetic.notEqual, (a, b) => a !== b),
  boolean(
    'logicalAnd',
    ([a, b]) => logicalAnd(a!, b!),
    (a, b) => a === 1 && b === 1,
    2,
  ),
  boolean(
    'logicalOr',
    ([a, b]) => logicalOr(a!, b!),
    (a, b) => a === 1 || b === 1,
    2,
  ),
  boolean(
    'logicalXor',
    ([a, b]) => logicalXor(a!, b!),
    (a, b) => a !== b,
    2,
  ),
  boolean(
    'logicalNot',
    ([a]) => logicalNot(a!),
    (a) => a !== 1,
    1,
  ),
  integerRow(
    'add',
    ([a, b]) => arithmetic.add(a!, b!),
    (a, b) => a + b,
    2,
  ),
  integerRow(
    'sub',
    ([a, b]) => arithmetic.sub(a!, b!),
    (a, b) => a - b,
    2,
  ),
  integerRow('mul', ([a, b]) => arithmetic.mul(a!, b!), Math.imul, 2),
  integerRow(
    'neg',
    ([a]) => arithmetic.neg(a!),
    (a) => -a,
    1,
  ),
  integerRow(
    'square',
    ([a]) => arithmetic.square(a!),
    (a) => Math.imul(a, a),
    1,
  ),
  integerRow(
    'abs',
    ([a]) => abs(a!),
    (a) => Math.abs(a),
    1,
  ),
  integerRow('maximum', ([a, b]) => arithmetic.maximum(a!, b!), Math.max, 2),
  integerRow('minimum', ([a, b]) => arithmetic.minimum(a!, b!), Math.min, 2),
  castRow('float', 'int32', FLOATS, [1, -1, 0, 2 ** 31 - 1, -(2 ** 31), 0]),
  castRow('float', 'uint8', FLOATS, [1, 0, 0, 255, 0, 0]),
  castRow('float', 'bool', FLOATS, [1, 1, 0, 1, 1, 1]),
  castRow('int32', 'float32', [3, -7, 2 ** 24], [3, -7, 2 ** 24]),
  castRow('int32', 'uint8', [3, -7, 300], [3, 0, 255]),
  castRow('bool', 'float64', [0, 1], [0, 1]),
  {
    name: 'where',
    run: ([condition, a, b]) => where(condition!, a!, b!),
    reference: elementwise((condition, a, b) => (condition === 1 ? a : b)),
    cases: [
      ...BINARY_SHAPES.map(([name, a, b]) => ({
        name,
        inputs: [{ shape: b, dtype: 'bool' as const }, { shape: a }, { shape: b }],
      })),
    ],
    special: [
      {
        name: 'what is not taken stays out',
        inputs: [
          { shape: [4], dtype: 'bool', values: [1, 0, 1, 0] },
          { shape: [4], values: [1, NaN, -Infinity, Infinity] },
          { shape: [4], values: [NaN, 2, Infinity, NaN] },
        ],
      },
    ],
    large: {
      name: 'large',
      inputs: [{ shape: [300, 257], dtype: 'bool' }, { shape: [300, 1] }, { shape: [257] }],
    },
    examples: [
      { axes: [0, 0, 0], output: 0 },
      { axes: [0, null, 0], output: 0, of: 'a scalar' },
      { axes: [null, 0, null], output: 0, of: 'a row' },
    ],
    mixes: [{ axes: [null, 0, 1], of: 'squares' }],
  },
];
