import { unique } from '../../lib/ops/sort/unique';
import { tensor } from '../../lib/graph/create';
import { cast } from '../../lib/ops/elementwise/arithmetic';
import type { NestedNumbers } from '../../lib/graph/create';
import type { DType } from '../../lib/graph/dtype';

async function uniqueOf(values: NestedNumbers, dtype: DType = 'float32'): Promise<Record<string, number[]>> {
  const found = await unique(tensor(values, { dtype }));
  const parts = await Promise.all(
    Object.entries(found).map(async ([name, x]) => [name, [...(await x.data())].map(Number)] as const),
  );
  return Object.fromEntries(parts);
}

test('finds the different elements, where they are and how many', async () => {
  expect(await uniqueOf([3, 1, 2, 3, 1, 1])).toEqual({
    values: [1, 2, 3],
    inverse: [2, 0, 1, 2, 0, 0],
    counts: [3, 1, 2],
    firstIndices: [1, 2, 0],
  });
});

test('takes all NaNs as one and both zeros as one', async () => {
  const { values, counts } = await uniqueOf([NaN, 0, NaN, -0, 1]);
  expect([values!.map((value) => value + 0), counts]).toEqual([
    [0, 1, NaN],
    [2, 1, 2],
  ]);
});

test('the inverse has the shape of the tensor and leads back to it', async () => {
  const x = tensor([
    [5, 7],
    [7, 5],
  ]);
  const { values, inverse } = await unique(x);
  expect(inverse.shape).toEqual([2, 2]);
  const [held, places] = [await values.data(), await inverse.data()];
  expect([...places].map((place) => held[place])).toEqual([...(await x.data())]);
});

test.each(['int32', 'uint8', 'bool'] as const)('works for %s', async (dtype) => {
  const { values, counts } = await uniqueOf([1, 0, 1, 1], dtype);
  expect([values, counts]).toEqual([
    [0, 1],
    [1, 3],
  ]);
});

test('of nothing there is nothing', async () => {
  expect(await uniqueOf([])).toEqual({ values: [], inverse: [], counts: [], firstIndices: [] });
});

test('stops when its signal does', async () => {
  await expect(unique(cast(tensor([1, 2]), 'int32'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ERR_ABORTED',
  });
});
