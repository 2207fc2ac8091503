import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { broadcastTo } from '../../lib/ops/reduce/sum';
import { categorical, exponential, gumbel, key, rademacher } from '../../lib/random';

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

test('refuses a rate and a scale that are not positive', () => {
  expect(() => exponential(key(1), [1], { rate: 0 })).toThrow('positive rate');
  expect(() => gumbel(key(1), [1], { scale: -1 })).toThrow('positive scale');
});
