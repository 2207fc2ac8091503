import type { Tensor } from '../../lib/graph/tensor';
import { evaluate } from '../../lib/graph/evaluate';
import {
  fanInUniform,
  fansOf,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  orthogonal,
  residualNormal,
} from '../../lib/nn/init';
import { matmul } from '../../lib/ops/products/matmul';
import { reshape } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
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
  it.each([
    { name: 'heNormal', initialize: heNormal, expected: Math.sqrt(2 / 400) },
    { name: 'glorotNormal', initialize: glorotNormal, expected: Math.sqrt(2 / 1200) },
    { name: 'lecunNormal', initialize: lecunNormal, expected: 1 / 20 },
    { name: 'residualNormal', initialize: residualNormal(8), expected: 0.02 / 4 },
  ])('of $name have their deviation', async ({ initialize, expected }) => {
    const { mean, deviation } = await momentsOf(initialize(key(1), SHAPE, {}));
    expect(Math.abs(mean)).toBeLessThan(TOLERANCE * expected);
    expect(Math.abs(deviation - expected)).toBeLessThan(TOLERANCE * expected);
  });

  it.each([
    { name: 'glorotUniform', initialize: glorotUniform, limit: Math.sqrt(6 / 1200) },
    { name: 'fanInUniform', initialize: fanInUniform, limit: 1 / 20 },
    { name: 'heUniform', initialize: heUniform, limit: Math.sqrt(6 / 400) },
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

  it('are larger by the gain', async () => {
    const [plain, large] = [heNormal(key(1), SHAPE), heNormal(key(1), SHAPE, { gain: 2 })];
    const [a, b] = [await plain.data(), await large.data()];
    expect([...b.subarray(0, 9)]).toEqual([...a.subarray(0, 9)].map((value) => 2 * value));
    expect(() => heNormal(key(1), SHAPE, { gain: 0 })).toThrow('gain must be a positive number');
  });
});

describe('orthogonal', () => {
  /** Sums of 20 products in float64. */
  const ROUNDING = 1e-13;

  it.each([[[20, 7]], [[7, 20]], [[6, 2, 3]]])('%p has orthonormal rows or columns', async (shape) => {
    const w = reshape(orthogonal(key(4), shape, { gain: 3, dtype: 'float64' }), [shape[0]!, -1]);
    const isTall = w.shape[0]! >= w.shape[1]!;
    const gram = matmul(isTall ? transpose(w) : w, isTall ? w : transpose(w));
    const size = gram.shape[0]!;
    (await gram.data()).forEach((value, i) =>
      expect(Math.abs(value - (i % (size + 1) === 0 ? 9 : 0))).toBeLessThan(9 * ROUNDING),
    );
  });

  it('has no preferred sign', async () => {
    const corners = await Promise.all(
      Array.from({ length: 60 }, async (_, seed) => (await orthogonal(key(seed), [3, 3]).data())[8]!),
    );
    const positive = corners.filter((value) => value > 0).length;
    // Of 60 draws with even odds, 15 to 45 but for one in 10,000.
    expect(positive).toBeGreaterThan(15);
    expect(positive).toBeLessThan(45);
  });

  it('refuses what is no matrix', () => {
    expect(() => orthogonal(key(0), [3])).toThrow('orthogonal: two axes or more expected, got [3]');
    expect(() => orthogonal(key(0), [3, 3], { gain: -1 })).toThrow('gain must be a positive number');
  });
});
