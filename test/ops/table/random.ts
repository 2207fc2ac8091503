import * as random from '../../../lib/random';
import type { WideFloatDType } from '../../../lib/graph/dtype';
import type { Shape } from '../../../lib/graph/shape';
import { sizeOf } from '../../../lib/graph/shape';
import { stack } from '../../../lib/ops/shape/concat';
import { philox, wideWordsOf, wordsOf } from '../../support/philox';
import type { Case, Row } from '../row';

const key = (values: readonly [number, number] = [17, -5]): Case['inputs'][number] => ({
  shape: [2],
  dtype: 'int32',
  values,
});

const cases = (options: (size: Shape) => unknown): Case[] => [
  { name: 'a matrix', inputs: [key()], options: options([3, 5]) },
  { name: 'another key', inputs: [key([0, 2 ** 31 - 1])], options: options([7]) },
  { name: 'one element', inputs: [key()], options: options([1]) },
  { name: 'no elements', inputs: [key()], options: options([0, 2]) },
];

const large = (options: unknown): Case => ({ name: 'large', inputs: [key()], options });

/** Fractions in [0, 1) from the upper bits of the words of a stream. */
const fractions = (words: ArrayLike<number>, n: number, dtype: WideFloatDType): number[] => {
  const keyWords = Array.from(words);
  return dtype === 'float32'
    ? wordsOf(keyWords, 0, n).map((word) => Math.floor(word / 2 ** 8) / 2 ** 24)
    : wideWordsOf(keyWords, 0, n).map((word) => Number(word >> 11n) / 2 ** 53);
};

/** Box and Muller's pairs: a radius from one word, an angle from the next. */
function normals(words: ArrayLike<number>, n: number, dtype: WideFloatDType): number[] {
  const keyWords = Array.from(words);
  const even = n + (n % 2);
  const bits = dtype === 'float32' ? 32 : 64;
  const raw = dtype === 'float32' ? wordsOf(keyWords, 0, even).map(BigInt) : wideWordsOf(keyWords, 0, even);
  return raw
    .map((_, i) => {
      const [a, b] = [raw[i - (i % 2)]!, raw[i - (i % 2) + 1]!];
      const u = dtype === 'float32' ? (Number(a) + 1) / 2 ** 32 : (Number(a >> 11n) + 1) / 2 ** 53;
      const angle = (2 * Math.PI * Number(b)) / 2 ** bits;
      return Math.sqrt(-2 * Math.log(u)) * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    })
    .slice(0, n);
}

const draws = (
  name: 'randomUniform' | 'randomNormal',
  dtype: WideFloatDType,
  reference: (words: ArrayLike<number>, n: number, dtype: WideFloatDType) => number[],
): Row => ({
  name: `${name} in ${dtype}`,
  covers: [name],
  run: ([k], shape) => (name === 'randomUniform' ? random.uniform : random.normal)(k!, shape, { dtype }),
  reference: ([k], shape: Shape) => ({
    shape,
    data: Float64Array.from(reference(k!.data, sizeOf(shape), dtype)),
  }),
  cases: cases((shape) => shape),
  large: large([100_003]),
  gives: [dtype],
  dtypes: [dtype],
  // The logarithm of a float32 just below 1 has an absolute error of 2^-24.
  tolerance: { float32: 1e-5, float64: 1e-13 },
  orders: 0,
});

/** Random numbers: the very bits of the documented streams. */
export const randomNumbers: readonly Row[] = [
  {
    name: 'randomBits',
    run: ([k], shape) => random.randomBits(k!, shape),
    reference: ([k], shape: Shape) => ({
      shape,
      data: Float64Array.from(wordsOf([...k!.data], 0, sizeOf(shape)), (word) => word | 0),
    }),
    cases: cases((shape) => shape),
    large: large([100_003]),
    gives: ['int32'],
    orders: 0,
  },
  draws('randomUniform', 'float32', fractions),
  draws('randomUniform', 'float64', fractions),
  draws('randomNormal', 'float32', normals),
  draws('randomNormal', 'float64', normals),
  {
    name: 'permutation',
    run: ([k], n) => random.permutation(k!, n),
    reference: ([k], n: number) => {
      const words = wideWordsOf([...k!.data], 1, n);
      const order = words.map((_, i) => i);
      order.sort((i, j) => (words[i]! < words[j]! ? -1 : words[i]! > words[j]! ? 1 : i - j));
      return { shape: [n], data: Float64Array.from(order) };
    },
    cases: cases((shape) => sizeOf(shape)),
    large: large(140_001),
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'splitKey',
    run: ([k], n) => stack(random.splitKey(k!, n)),
    reference: ([k], n: number) => ({
      shape: [n, 2],
      data: Float64Array.from(wordsOf([...k!.data], 2, 2 * n), (word) => word | 0),
    }),
    cases: [
      { name: 'two', inputs: [key()], options: 2 },
      { name: 'five', inputs: [key([-1, 3])], options: 5 },
      { name: 'one', inputs: [key()], options: 1 },
    ],
    without: { empty: 'no keys cannot be stacked', size1: 'a key has two words' },
    gives: ['int32'],
    orders: 0,
  },
  {
    name: 'foldKey',
    run: ([k], index) => random.foldKey(k!, index),
    reference: ([k], index: number) => ({
      shape: [2],
      data: Float64Array.from(philox([index, 0, 3, 0], [...k!.data]).slice(0, 2), (word) => word | 0),
    }),
    cases: [
      { name: 'the first', inputs: [key()], options: 0 },
      { name: 'a later one', inputs: [key([5, 6])], options: 12_345 },
      { name: 'a negative one', inputs: [key()], options: -1 },
    ],
    without: { empty: 'one key in, one key out', size1: 'a key has two words' },
    gives: ['int32'],
    orders: 0,
  },
];
