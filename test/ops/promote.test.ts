import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { DTYPES, isFloat, type DType } from '../../lib/graph/dtype';
import type { Tensor } from '../../lib/graph/tensor';
import {
  add,
  cast,
  div,
  equal,
  full,
  greater,
  maximum,
  mul,
  ones,
  pow,
  sub,
} from '../../lib/ops/elementwise/arithmetic';
import { elu } from '../../lib/ops/elementwise/activations';
import { exp, floor, sqrt, where } from '../../lib/ops/elementwise/math';
import { promoteTypes } from '../../lib/ops/elementwise/promote';
import { broadcastTo, sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { perExample } from '../../lib/transforms/perExample';
import { code } from '../support/errors';
import { tensorOf } from '../support/tensors';

// The lattice of JAX (jax.numpy.promote_types with 64-bit types on), row by row.
const TABLE = `
         bool     uint8    int32    int64    bfloat16 float16  float32  float64
bool     bool     uint8    int32    int64    bfloat16 float16  float32  float64
uint8    uint8    uint8    int32    int64    bfloat16 float16  float32  float64
int32    int32    int32    int32    int64    bfloat16 float16  float32  float64
int64    int64    int64    int64    int64    bfloat16 float16  float32  float64
bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 float32  float32  float64
float16  float16  float16  float16  float16  float32  float16  float32  float64
float32  float32  float32  float32  float32  float32  float32  float32  float64
float64  float64  float64  float64  float64  float64  float64  float64  float64`;

const [names, ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/) as DType[]);
const pairs = rows.flatMap(([a, ...met]) => met.map((dtype, i) => [a!, names![i]!, dtype] as const));

test('the table names every pair', () => {
  expect(new Set(pairs.map(([a, b]) => `${a} ${b}`)).size).toBe(DTYPES.length ** 2);
});

const two = (dtype: DType) => tensorOf([1, 0], [2], dtype);
const numbers = async (x: ReturnType<typeof two>): Promise<number[]> =>
  Array.from(await x.data<DType>(), Number);

test.each(pairs)('%s meets %s in %s', async (a, b, met) => {
  expect(promoteTypes(a, b)).toBe(met);
  const [x, y] = [two(a), tensorOf([1, 1], [2], b)];
  if (met !== 'bool') {
    for (const [op, expected] of [
      [add, [2, 1]],
      [mul, [1, 0]],
      [maximum, [1, 1]],
    ] as const) {
      expect(op(x, y).dtype).toBe(met);
      expect(await numbers(op(x, y))).toEqual(expected);
    }
  }
  expect(await numbers(equal(x, y))).toEqual([1, 0]);
  expect(where(two('bool'), x, y).dtype).toBe(met);
  expect(div(x, y).dtype).toBe(isFloat(met) ? met : 'float32');
  expect(await numbers(div(x, y))).toEqual([1, 0]);
});

test('has no sum of bools', () => {
  expect(() => add(two('bool'), two('bool'))).toThrow(code('ERR_DTYPE'));
});

test.each(DTYPES)('a number gives way to %s', async (dtype) => {
  const whole = dtype === 'bool' ? 'int32' : dtype;
  expect(add(two(dtype), 1).dtype).toBe(whole);
  expect(await numbers(add(1, two(dtype)))).toEqual([2, 1]);
  expect(add(two(dtype), 0.5).dtype).toBe(isFloat(dtype) ? dtype : 'float32');
  expect(await numbers(sub(two(dtype), 0.5))).toEqual([0.5, -0.5]);
  expect(await numbers(greater(two(dtype), 0.5))).toEqual([1, 0]);
  expect(mul(two(dtype), NaN).dtype).toBe(isFloat(dtype) ? dtype : 'float32');
});

test.each([
  ['uint8', 256],
  ['uint8', -1],
  ['int32', 2 ** 31],
  ['int64', 2 ** 53],
] as const)('%s refuses %d instead of changing it', (dtype, value) => {
  expect(() => add(two(dtype), value)).toThrow(code('ERR_VALUE'));
});

test('keeps all bits of int64', async () => {
  const large = tensorOf([0], [1], 'int64');
  const x = add(mul(add(large, 2 ** 53 - 1), 512), 3);
  expect([...(await x.data<'int64'>())]).toEqual([(2n ** 53n - 1n) * 512n + 3n]);
  expect([...(await cast(x, 'int32').data())]).toEqual([2 ** 31 - 1]);
});

test('bytes wrap around', async () => {
  expect(await numbers(add(tensorOf([255, 7], [2], 'uint8'), 2))).toEqual([1, 9]);
  expect(await numbers(mul(tensorOf([16, 3], [2], 'uint8'), tensorOf([16, 5], [2], 'uint8')))).toEqual([
    0, 15,
  ]);
});

test('is differentiated: each input gets a gradient of its own dtype', async () => {
  const [x, y] = [tensorOf([1, 2], [2], 'bfloat16'), tensorOf([3, 5], [2], 'float64')];
  const gradients = grad(([a, b]: (typeof x)[]) => sum(mul(a!, b!)))([x, y]);
  expect(gradients.map(({ dtype }) => dtype)).toEqual(['bfloat16', 'float64']);
  expect(await Promise.all(gradients.map(numbers))).toEqual([
    [3, 5],
    [1, 2],
  ]);
});

test('keeps examples apart', async () => {
  const w = tensorOf([1, 2, 3], [3], 'float64');
  const x = tensorOf([1, 0, 2, 5, 1, 1], [2, 3], 'int32');
  const losses = (p: typeof w, batch: typeof x) => sum(mul(mul(p, batch), p), { axis: 1 });
  const squares = perExample(losses)(w, x).sumSquares();
  // d/dw sum_i x_ni w_i^2 = 2 x_ni w_i
  expect(await numbers(squares)).toEqual([4 + 100, 16, (12 * 12 + 6 * 6) * 1]);
});

test('converts beneath a broadcast', async () => {
  const x = broadcastTo(full([1], 1.5, 'float32'), [4]);
  expect(await numbers(add(x, ones([4], 'float64')))).toEqual([2.5, 2.5, 2.5, 2.5]);
});

// NumPy and JAX agree that functions of real numbers take whole ones; the width is JAX's.
test.each([
  ['exp', (x: Tensor) => exp(x), [1, Math.E, Math.E ** 2]],
  ['sqrt', (x: Tensor) => sqrt(x), [0, 1, Math.SQRT2]],
  ['floor', (x: Tensor) => floor(x), [0, 1, 2]],
  ['elu', (x: Tensor) => elu(x), [0, 1, 2]],
  ['pow with a fraction', (x: Tensor) => pow(x, 0.5), [0, 1, Math.SQRT2]],
] as const)('%s of whole numbers is that of float32', async (_name, fn, expected) => {
  for (const dtype of ['int32', 'int64', 'uint8'] as const) {
    const y = fn(tensor([0, 1, 2], { dtype }));
    expect(y.dtype).toBe('float32');
    const elements = [...(await y.data())].map(Number);
    elements.forEach((element, i) => expect(element).toBeCloseTo(expected[i]!, 5));
  }
});

test('whole powers of integers are exact and wrap around', async () => {
  expect(await pow(tensor([-3, 2, 0], { dtype: 'int32' }), 3).data()).toEqual(Int32Array.of(-27, 8, 0));
  expect(await pow(tensor([7, 0], { dtype: 'int32' }), 0).data()).toEqual(Int32Array.of(1, 1));
  expect(await pow(tensor([2], { dtype: 'int32' }), 31).data()).toEqual(Int32Array.of(-(2 ** 31)));
  expect(await pow(tensor([3n]), 39).data()).toEqual(BigInt64Array.of(3n ** 39n));
  expect(() => pow(tensor([2], { dtype: 'int32' }), -1)).toThrow(code('ERR_DTYPE'));
});
