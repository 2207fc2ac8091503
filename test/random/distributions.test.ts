import { evaluate } from '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { broadcastTo } from '../../lib/ops/reduce/sum';
import {
  categorical,
  choice,
  exponential,
  gumbel,
  key,
  laplace,
  rademacher,
  splitKey,
} from '../../lib/random';

const COUNT = 100_000;
/** Four standard errors of a mean of so many draws of unit deviation, and room for the seed. */
const MEAN_TOLERANCE = 5 / Math.sqrt(COUNT);
/** The 99.9 % point of the Kolmogorov-Smirnov statistic. */
const KS_LIMIT = 1.95 / Math.sqrt(COUNT);

async function distance(draws: Tensor, cumulative: (x: number) => number): Promise<number> {
  const sorted = Float64Array.from(await draws.data()).sort();
  return sorted.reduce((most, x, i) => Math.max(most, Math.abs(cumulative(x) - (i + 0.5) / COUNT)), 0);
}

test('exponential follows its distribution, and not that of another rate', async () => {
  const draws = exponential(key(1), [COUNT], { rate: 2 });
  expect(await distance(draws, (x) => 1 - Math.exp(-2 * x))).toBeLessThan(KS_LIMIT);
  expect(await distance(draws, (x) => 1 - Math.exp(-2.1 * x))).toBeGreaterThan(KS_LIMIT);
});

test('gumbel follows its distribution', async () => {
  const draws = gumbel(key(2), [COUNT], { location: 1, scale: 2 });
  expect(await distance(draws, (x) => Math.exp(-Math.exp(-(x - 1) / 2)))).toBeLessThan(KS_LIMIT);
});

test('laplace follows its distribution in both precisions, and not that of another scale', async () => {
  const cumulative = (scale: number) => (x: number) => {
    const half = Math.exp(-Math.abs(x - 1) / scale) / 2;
    return x < 1 ? half : 1 - half;
  };
  for (const dtype of ['float32', 'float64'] as const) {
    const draws = laplace(key(6), [COUNT], { location: 1, scale: 2, dtype });
    expect(await distance(draws, cumulative(2))).toBeLessThan(KS_LIMIT);
    expect(await distance(draws, cumulative(2.1))).toBeGreaterThan(KS_LIMIT);
  }
});

test('rademacher is -1 or 1 with mean 0', async () => {
  const draws = [...(await rademacher(key(3), [COUNT]).data())] as number[];
  expect(new Set(draws)).toEqual(new Set([-1, 1]));
  expect(Math.abs(draws.reduce((sum, x) => sum + x, 0) / COUNT)).toBeLessThan(MEAN_TOLERANCE);
});

test('categorical draws classes by their softmax, and none of logit -Infinity', async () => {
  const shares = [0.1, 0, 0.6, 0.3];
  const logits = broadcastTo(tensor(shares.map(Math.log)), [COUNT, 4]);
  const draws = [...(await categorical(key(4), logits).data())] as number[];
  shares.forEach((share, c) => {
    expect(Math.abs(draws.filter((drawn) => drawn === c).length / COUNT - share)).toBeLessThan(
      MEAN_TOLERANCE,
    );
  });
  expect(draws).not.toContain(1);
});

const numbersOf = async (x: Tensor): Promise<number[]> => [...(await x.data())];

/** The share of each of n classes among draws. */
const sharesOf = (draws: readonly number[], n: number): number[] =>
  Array.from({ length: n }, (_, c) => draws.filter((drawn) => drawn === c).length / draws.length);

describe('choice', () => {
  test('with replacement draws in proportion to the weights', async () => {
    const weights = [1, 0, 6, 3];
    for (const given of [weights, tensor(weights)]) {
      const draws = await numbersOf(choice(key(7), 4, [COUNT], { weights: given }));
      sharesOf(draws, 4).forEach((share, c) => {
        expect(Math.abs(share - weights[c]! / 10)).toBeLessThan(MEAN_TOLERANCE);
      });
      expect(draws).not.toContain(1);
    }
  });

  test('without weights draws all alike', async () => {
    const draws = await numbersOf(choice(key(8), 5, [COUNT / 2, 2]));
    for (const share of sharesOf(draws, 5)) expect(Math.abs(share - 0.2)).toBeLessThan(MEAN_TOLERANCE);
  });

  test('without replacement draws no index twice, and all of them in the end', async () => {
    for (const weights of [undefined, Array.from({ length: 50 }, (_, i) => i + 1)]) {
      const options = { replace: false, ...(weights && { weights }) };
      const some = await numbersOf(choice(key(9), 50, [4, 5], options));
      expect(new Set(some).size).toBe(20);
      const all = await numbersOf(choice(key(9), 50, [50], options));
      expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    }
  });

  test('without replacement the second draw is in proportion to what is left', async () => {
    const weights = [1, 2, 5, 0];
    const runs = 4000;
    const pairs = await evaluate(
      splitKey(key(10), runs).map((own) => choice(own, 4, [2], { replace: false, weights })),
    );
    const seconds: number[] = [];
    for (const pair of pairs) seconds.push((await numbersOf(pair))[1]!);
    // P(second = j) = sum over i != j of w_i / 8 * w_j / (8 - w_i)
    const expected = weights.map((w, j) =>
      weights.reduce((sum, v, i) => sum + (i === j ? 0 : ((v / 8) * w) / (8 - v)), 0),
    );
    sharesOf(seconds, 4).forEach((share, j) => {
      expect(Math.abs(share - expected[j]!)).toBeLessThan((5 * 0.5) / Math.sqrt(runs));
    });
  });

  test('picks the entries of a tensor along an axis', async () => {
    const x = tensor([
      [0, 1, 2],
      [10, 11, 12],
    ]);
    const [columns, indices] = await evaluate([
      choice(key(11), x, [2, 2], { axis: 1 }),
      choice(key(11), 3, [2, 2]),
    ]);
    expect(columns.shape).toEqual([2, 2, 2]);
    const places = await numbersOf(indices);
    expect(await numbersOf(columns)).toEqual([...places, ...places.map((i) => i + 10)]);
  });

  test('says what is wrong with its options', async () => {
    expect(() => choice(key(1), 3, [4], { replace: false })).toThrow('without replacement from 3');
    expect(() => choice(key(1), 3, [1], { weights: [1, 2] })).toThrow('weights [3] expected');
    expect(() => choice(key(1), 2, [1], { weights: [1, -2] })).toThrow('got -2 at place 1');
    expect(() => choice(key(1), 2, [1], { weights: [0, 0] })).toThrow('all weights are 0');
    expect(() => choice(key(1), 0, [1])).toThrow('nothing to draw from');
    expect(await numbersOf(choice(key(1), 0, [0]))).toEqual([]);
  });
});

test('refuses a rate and a scale that are not positive', () => {
  expect(() => exponential(key(1), [1], { rate: 0 })).toThrow('positive rate');
  expect(() => gumbel(key(1), [1], { scale: -1 })).toThrow('positive scale');
});
