import { SecondMoments } from '../../lib/edits/moments/secondMoments';
import { tensor } from '../../lib/graph/create';
import { slice } from '../../lib/ops/shape/slice';
import { key, normal } from '../../lib/random';

/** Sums of float64 in another order. */
const ROUNDING = 12;

const rows = normal(key(3), [40, 4], { mean: 2 });
const close = async (
  actual: Promise<ArrayLike<number | bigint>>,
  expected: ArrayLike<number | bigint>,
): Promise<void> => {
  const values = Array.from(await actual, Number);
  values.forEach((value, i) => expect(value).toBeCloseTo(Number(expected[i]), ROUNDING));
};

async function reference(): Promise<{ mean: number[]; covariance: number[] }> {
  const data = Array.from(await rows.data<'float32'>());
  const column = (j: number): number[] => data.filter((_, i) => i % 4 === j);
  const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const mean = [0, 1, 2, 3].map((j) => average(column(j)));
  const covariance = mean.flatMap((a, i) =>
    mean.map((b, j) => average(column(i).map((x, n) => (x - a) * ((column(j)[n] ?? 0) - b)))),
  );
  return { mean, covariance };
}

test('mean and covariance are those of all rows, however they came', async () => {
  const { mean, covariance } = await reference();
  let moments = SecondMoments.empty(4, { data: 'rows' });
  for (const start of [0, 10, 20]) {
    moments = await moments.with(slice(rows, { starts: [start], stops: [start + 10] }));
  }
  moments = await moments.with(tensor([] as number[], { shape: [0, 4] }));
  const rest = await SecondMoments.empty(4, { data: 'the rest' }).with(slice(rows, { starts: [30] }));
  const all = await moments.merge(rest);
  expect(all.count).toBe(40);
  expect(all.sources.map(({ count }) => count)).toEqual([30, 10]);
  await close(all.mean().data(), mean);
  await close(all.covariance().data(), covariance);
});

test('refuses rows of another length, another dimension, and moments of nothing', async () => {
  const empty = SecondMoments.empty(4, { data: 'rows' });
  await expect(empty.with(tensor([1, 2]))).rejects.toMatchObject({ code: 'ERR_SHAPE' });
  await expect(empty.merge(SecondMoments.empty(5, { data: 'other' }))).rejects.toMatchObject({
    code: 'ERR_SHAPE',
  });
  expect(() => SecondMoments.empty(0, { data: 'rows' })).toThrow(
    'dimension must be a positive integer, got 0',
  );
  expect(() => SecondMoments.empty(4, {} as { data: string })).toThrow(
    "a source's data is a text, got undefined",
  );
  expect(() => SecondMoments.empty(4, { data: 'rows', weight: '' } as { data: string })).toThrow(
    "did you mean 'weights'?",
  );
  expect(() => empty.covariance({ correction: -1 })).toThrow('correction must be a number from 0, got -1');
  await expect(empty.merge({} as unknown as SecondMoments)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  expect(() => empty.moment()).toThrow(expect.objectContaining({ code: 'ERR_VALUE' }));
});
