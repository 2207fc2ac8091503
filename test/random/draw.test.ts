import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { sum } from '../../lib/ops/reduce/sum';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { bernoulli, key, normal, permutation, randomInteger, splitKey, uniform } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { code } from '../support/errors';

const COUNT = 200_000;
/** Five standard errors: seeds are fixed, so a test that passes once passes always. */
const errors = (deviation: number): number => (5 * deviation) / Math.sqrt(COUNT);

const numbersOf = async (x: Tensor): Promise<number[]> => [...(await x.data())];

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

async function momentsOf(x: Tensor): Promise<Moments> {
  const values = await numbersOf(x);
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return { mean, variance: values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length };
}

describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
  test('uniform numbers have the moments of their interval', async () => {
    const x = uniform(key(1), [COUNT], { low: -1, high: 3, dtype });
    expect(x.dtype).toBe(dtype);
    const { mean, variance } = await momentsOf(x);
    expect(Math.abs(mean - 1)).toBeLessThan(errors(Math.sqrt(16 / 12)));
    expect(variance).toBeCloseTo(16 / 12, 1);
    const values = await numbersOf(x);
    expect(values.every((value) => value >= -1 && value <= 3)).toBe(true);
  });

  test('normal numbers have the given mean and deviation, and tails', async () => {
    const x = normal(key(2), [COUNT], { mean: 2, deviation: 3, dtype });
    const { mean, variance } = await momentsOf(x);
    expect(Math.abs(mean - 2)).toBeLessThan(errors(3));
    expect(Math.abs(variance - 9)).toBeLessThan(errors(9 * Math.SQRT2));
    const far = (await numbersOf(x)).filter((value) => Math.abs(value - 2) > 6).length / COUNT;
    expect(Math.abs(far - 0.0455)).toBeLessThan(errors(0.21));
  });

  test('neighbours and the streams of sibling keys are uncorrelated', async () => {
    const [a, b] = splitKey(key(3), 2).map((own) => normal(own, [COUNT], { dtype })) as [Tensor, Tensor];
    expect(Math.abs((await sum(mul(a, b)).item()) / COUNT)).toBeLessThan(errors(1));
    const values = await numbersOf(a);
    const neighbours = values.slice(1).reduce((total, value, i) => total + value * values[i]!, 0) / COUNT;
    expect(Math.abs(neighbours)).toBeLessThan(errors(1));
  });
});

test('uniform numbers of [0, 1) never reach 1', async () => {
  expect(Math.max(...(await numbersOf(uniform(key(4), [50_000]))))).toBeLessThan(1);
});

test('a longer draw begins like a shorter one', async () => {
  for (const draw of [uniform, normal]) {
    const [long, short] = [await numbersOf(draw(key(5), [1001])), await numbersOf(draw(key(5), [7]))];
    expect(long.slice(0, 7)).toEqual(short);
  }
});

test('coins fall by their probability, one for all or one each', async () => {
  const coins = bernoulli(key(6), [COUNT], { probability: 0.3 });
  expect(coins.dtype).toBe('bool');
  const heads = (await numbersOf(coins)).reduce((total, value) => total + value, 0) / COUNT;
  expect(Math.abs(heads - 0.3)).toBeLessThan(errors(0.46));
  const each = bernoulli(key(6), [2, 500], { probability: tensor([[0], [1]]) });
  const values = await numbersOf(each);
  expect([values.slice(0, 500).includes(1), values.slice(500).includes(0)]).toEqual([false, false]);
});

test('integers are spread evenly over their range', async () => {
  const values = await numbersOf(randomInteger(key(7), [COUNT], { low: -2, high: 3 }));
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  for (const count of counts.values()) expect(Math.abs(count / COUNT - 0.2)).toBeLessThan(errors(0.4));
});

test('integers reach over the whole of int32', async () => {
  const values = await numbersOf(randomInteger(key(8), [COUNT], { low: -(2 ** 31), high: 2 ** 31 }));
  expect(Math.min(...values.slice(0, 100_000))).toBeLessThan(-(2 ** 31) * 0.999);
  expect(Math.max(...values.slice(0, 100_000))).toBeGreaterThan(2 ** 31 * 0.999);
});

test('a permutation has every index once, and every place is as likely', async () => {
  for (const n of [0, 1, 5, 5000]) {
    const order = await numbersOf(permutation(key(9), n));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  }
  const firsts = await Promise.all(
    Array.from({ length: 600 }, async (_, seed) => (await numbersOf(permutation(key(seed), 3)))[0]!),
  );
  for (const place of [0, 1, 2]) {
    const share = firsts.filter((first) => first === place).length / firsts.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan((5 * 0.47) / Math.sqrt(firsts.length));
  }
});

test('is a constant for derivatives', async () => {
  const noisy = grad((x: Tensor) => sum(mul(x, uniform(key(1), [3]))));
  expect(await numbersOf(noisy(tensor([1, 2, 3])))).toEqual(await numbersOf(uniform(key(1), [3])));
});

test.each([
  ['uniform bounds the wrong way round', () => uniform(key(1), [1], { low: 1, high: 0 }), 'ERR_VALUE'],
  ['an infinite bound', () => uniform(key(1), [1], { high: Infinity }), 'ERR_VALUE'],
  ['a negative deviation', () => normal(key(1), [1], { deviation: -1 }), 'ERR_VALUE'],
  ['a mean that is NaN', () => normal(key(1), [1], { mean: NaN }), 'ERR_VALUE'],
  ['a probability above 1', () => bernoulli(key(1), [1], { probability: 1.5 }), 'ERR_VALUE'],
  ['no integers', () => randomInteger(key(1), [1], { low: 3, high: 3 }), 'ERR_VALUE'],
  ['a bound beyond int32', () => randomInteger(key(1), [1], { high: 2 ** 31 + 1 }), 'ERR_VALUE'],
  [
    'integers as dtype of normal numbers',
    () => normal(key(1), [1], { dtype: 'int32' as never }),
    'ERR_DTYPE',
  ],
  ['a shape that is none', () => uniform(key(1), [-1]), 'ERR_SHAPE'],
  ['too many indices', () => permutation(key(1), 2 ** 31), 'ERR_SHAPE'],
  ['something else than a key', () => uniform(tensor([1, 2]), [1]), 'ERR_DTYPE'],
] as const)('refuses %s', (_what, make, wanted) => {
  expect(make).toThrow(code(wanted));
});
