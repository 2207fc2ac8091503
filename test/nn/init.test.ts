import type { Tensor } from '../../lib/graph/tensor';
import { evaluate } from '../../lib/graph/evaluate';
import { fanInUniform, fansOf, glorotUniform, heNormal } from '../../lib/nn/init';
import { key } from '../../lib/random';

/** Of a mean and a deviation of 80,000 draws: four standard errors are below 2 % of the deviation. */
const TOLERANCE = 0.02;

const SHAPE = [200, 100, 2, 2];

async function momentsOf(x: Tensor): Promise<{ mean: number; deviation: number; largest: number }> {
  await evaluate(x);
  const values = Array.from(await x.data());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

describe('fansOf', () => {
  it('counts the kernel', () => {
    expect(fansOf([5, 3])).toEqual({ fanIn: 3, fanOut: 5 });
    expect(fansOf(SHAPE)).toEqual({ fanIn: 400, fanOut: 800 });
    expect(() => fansOf([5])).toThrow('fansOf: a weight [out, in, ...kernel] expected, got [5]');
  });
});

describe('initial values', () => {
  it('of heNormal have a variance of 2 / fanIn', async () => {
    const { mean, deviation } = await momentsOf(heNormal(key(1), SHAPE));
    const expected = Math.sqrt(2 / 400);
    expect(Math.abs(mean)).toBeLessThan(TOLERANCE * expected);
    expect(Math.abs(deviation - expected)).toBeLessThan(TOLERANCE * expected);
  });

  it.each([
    { name: 'glorotUniform', initialize: glorotUniform, limit: Math.sqrt(6 / 1200) },
    { name: 'fanInUniform', initialize: fanInUniform, limit: 1 / 20 },
  ])('of $name fill an interval around 0', async ({ initialize, limit }) => {
    const { mean, deviation, largest } = await momentsOf(initialize(key(2), SHAPE, { dtype: 'float64' }));
    const expected = limit / Math.sqrt(3);
    expect(Math.abs(mean)).toBeLessThan(TOLERANCE * expected);
    expect(Math.abs(deviation - expected)).toBeLessThan(TOLERANCE * expected);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(limit * (1 - TOLERANCE));
  });

  it('of a bias take the fan of its weight', async () => {
    const { largest } = await momentsOf(fanInUniform(key(3), [64], { fanIn: 10_000 }));
    expect(largest).toBeLessThanOrEqual(0.01);
    expect(() => fanInUniform(key(3), [64])).toThrow('give the fans');
    expect(() => fanInUniform(key(3), [64], { fanIn: 0 })).toThrow('fanInUniform: fans must be positive');
    expect(() => heNormal(key(3), [64, 0])).toThrow(
      'heNormal: fans must be positive integers, got 0 for [64, 0]',
    );
  });

  it('are the same for the same key', async () => {
    const [a, b, c] = await evaluate([1, 1, 2].map((seed) => heNormal(key(seed), [4, 4])));
    expect(await a!.data()).toEqual(await b!.data());
    expect(await a!.data()).not.toEqual(await c!.data());
  });
});
