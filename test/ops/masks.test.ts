import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { greater, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { embedding } from '../../lib/ops/indexing/embedding';
import { booleanMask, compress, maskedSelect, nonzero } from '../../lib/ops/indexing/masks';
import { oneHot } from '../../lib/ops/indexing/oneHot';
import { sum } from '../../lib/ops/reduce/sum';
import { key, normal } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';

const x = tensor([
  [0, 2, -1],
  [NaN, 0, 3],
]);

const listOf = async (values: Tensor): Promise<number[]> => [...(await values.data())];

describe('nonzero', () => {
  test('lists coordinates in row-major order, NaN among them', async () => {
    const places = await nonzero(x);
    expect(places.shape).toEqual([4, 2]);
    expect(await listOf(places)).toEqual([0, 1, 0, 2, 1, 0, 1, 2]);
  });

  test('takes scalars, bools and what is empty', async () => {
    expect((await nonzero(tensor(5))).shape).toEqual([1, 0]);
    expect(await listOf(await nonzero(tensor([false, true, true])))).toEqual([1, 2]);
    expect((await nonzero(tensor(new Float32Array(0), { shape: [0, 3] }))).shape).toEqual([0, 2]);
  });

  test('is the same over many pieces', async () => {
    const values = normal(key(4), [300_000]);
    const elements = await values.data();
    const expected = [...elements.keys()].filter((i) => elements[i]! > 1);
    expect(await listOf(await nonzero(greater(values, 1)))).toEqual(expected);
  });
});

test('booleanMask takes rows and elements, and passes gradients on', async () => {
  const rows = await booleanMask(x, tensor([false, true]));
  expect(rows.shape).toEqual([1, 3]);
  expect(await listOf(rows)).toEqual([NaN, 0, 3]);
  expect(await listOf(await booleanMask(x, greater(x, 0)))).toEqual([2, 3]);
  const y = tensor([1, 2, 3]);
  const mask = tensor([true, false, true]);
  const total = grad((values: Tensor) => sum(square(compress(values, mask, 2))))(y);
  expect(await listOf(total)).toEqual([2, 0, 6]);
});

test('maskedSelect broadcasts', async () => {
  const columns = tensor([true, false, true]);
  expect(await listOf(await maskedSelect(x, columns))).toEqual([0, -1, NaN, 3]);
});

test('refuses another count, another shape, another dtype', async () => {
  const mask = tensor([true, false]);
  await expect(compress(x, mask, 2).data()).rejects.toMatchObject({ code: 'ERR_VALUE' });
  await expect(booleanMask(x, tensor([true]))).rejects.toMatchObject({ code: 'ERR_SHAPE' });
  await expect(booleanMask(x, tensor([1, 0]))).rejects.toMatchObject({ code: 'ERR_DTYPE' });
  expect(() => compress(x, mask, -1)).toThrow('non-negative integer');
});

test('a padding row of an embedding gets no gradient', async () => {
  const table = tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] });
  const tokens = tensor(Int32Array.of(2, 0, 2, 1));
  const loss = (w: Tensor): Tensor => sum(square(embedding(w, tokens, { paddingIndex: 0 })));
  expect(await listOf(grad(loss)(table))).toEqual([0, 0, 6, 8, 20, 24]);
  expect(await listOf(embedding(table, tokens, { paddingIndex: 0 }))).toEqual([5, 6, 1, 2, 5, 6, 3, 4]);
  expect(() => embedding(table, tokens, { paddingIndex: 3 })).toThrow('padding index in [0, 3)');
});

test('oneHot puts the classes on any axis', async () => {
  const labels = tensor(Int32Array.of(1, 0, 1));
  const marks = oneHot(labels, 2, { axis: 0, dtype: 'int32' });
  expect(marks.shape).toEqual([2, 3]);
  expect(await listOf(mul(marks, 1))).toEqual([0, 1, 0, 1, 0, 1]);
});
