import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { code } from '../support/errors';

test('takes the shape from the nesting, and float32 from numbers', async () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect([x.shape, x.dtype, x.size, x.bytes]).toEqual([[2, 3], 'float32', 6, 24]);
  expect(await x.data()).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
});

test('takes the dtype from a typed array, and bool from booleans', async () => {
  expect(tensor(Int32Array.of(1, 2)).dtype).toBe('int32');
  expect(tensor(Float64Array.of(1, 2, 3, 4), { shape: [2, 2] }).shape).toEqual([2, 2]);
  const flags = tensor([true, false]);
  expect(flags.dtype).toBe('bool');
  expect(await flags.data()).toEqual(Uint8Array.of(1, 0));
});

test('makes scalars and empty tensors', async () => {
  expect(await tensor(3).item()).toBe(3);
  expect(tensor(3).shape).toEqual([]);
  expect(tensor([[], []]).shape).toEqual([2, 0]);
  expect(await tensor([]).data()).toEqual(new Float32Array(0));
});

test('copies what it is given', async () => {
  const source = Float32Array.of(1, 2);
  const x = tensor(source);
  source[0] = 9;
  expect(await x.data()).toEqual(Float32Array.of(1, 2));
});

test.each([
  ['lengths that differ', () => tensor([[1, 2], [3]]), 'ERR_SHAPE'],
  ['depths that differ', () => tensor([[1], 2]), 'ERR_SHAPE'],
  ['too few values', () => tensor([1, 2], { shape: [3] }), 'ERR_SHAPE'],
  ['a negative extent', () => tensor([], { shape: [-1, 0] }), 'ERR_SHAPE'],
  ['a fraction as int32', () => tensor(0.5, { dtype: 'int32' }), 'ERR_VALUE'],
  ['300 as uint8', () => tensor([300], { dtype: 'uint8' }), 'ERR_VALUE'],
  ['2 as bool', () => tensor(Uint8Array.of(2), { dtype: 'bool' }), 'ERR_VALUE'],
  ['another dtype than the array holds', () => tensor(Int32Array.of(1), { dtype: 'float32' }), 'ERR_DTYPE'],
  ['a typed array of another kind', () => tensor(new Int16Array(2) as never), 'ERR_DTYPE'],
  ['an unknown dtype', () => tensor([1], { dtype: 'float8' as never }), 'ERR_DTYPE'],
] as const)('refuses %s', (_what, make, wanted) => {
  expect(make).toThrow(code(wanted));
});
