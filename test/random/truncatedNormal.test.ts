import '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads, threads } from '../../lib/native';
import { key, truncatedNormal, uniform, type TruncatedNormalOptions } from '../../lib/random';
import { code } from '../support/errors';

const numbersOf = async (x: Tensor): Promise<number[]> => [...(await x.data())];

/** Where there is nothing left of a tail that begins at `a`: e^-40 of it. */
const endOf = (a: number): number => a + Math.min(12, 40 / a);

/** The area under `e^(-(x^2 - origin^2) / 2)` by Simpson's rule: good to twelve digits for what is asked here. */
function area(from: number, to: number, origin: number): number {
  const pieces = 20_000;
  const step = (to - from) / pieces;
  let total = 0;
  for (let i = 0; i <= pieces; i++) {
    const x = from + i * step;
    total += (i === 0 || i === pieces ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp((origin * origin - x * x) / 2);
  }
  return (total * step) / 3;
}

// The rounding of a number near the bound: 1e-16 of it, enlarged by how fast a far tail falls.
const QUANTILE_TOLERANCE = 1e-11;

test.each([
  ['both sides', -2, 2],
  ['a narrow piece of the middle', 0.3, 0.4],
  ['a piece of the upper tail', 3, 4],
  ['the upper tail', 1, Infinity],
  ['the lower tail', -Infinity, -2.5],
  ['far out', 20, Infinity],
])('is the quantile of the uniform number of the same key: %s', async (_name, low, high) => {
  const draws = await numbersOf(truncatedNormal(key(5), [60], { low, high, dtype: 'float64' }));
  const fractions = await numbersOf(uniform(key(5), [60], { dtype: 'float64' }));
  const mirrored = high < 0; // lower tails are upper ones seen in a mirror
  const [a, b] = mirrored ? [-high, -low] : [low, high];
  const end = Math.min(b, endOf(Math.max(a, 0)));
  const origin = Math.max(a, 0);
  const whole = area(a, end, origin);
  draws.forEach((drawn, i) => {
    const share = area(a, mirrored ? -drawn : drawn, origin) / whole;
    expect(Math.abs(share - fractions[i]!)).toBeLessThan(QUANTILE_TOLERANCE);
  });
});

test('lies within two deviations of the mean unless told otherwise, and not around another mean', async () => {
  const draws = await numbersOf(truncatedNormal(key(1), [50_000], { mean: 3, deviation: 0.5 }));
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...draws)).toBeLessThanOrEqual(4);
  expect(Math.max(...draws) - Math.min(...draws)).toBeGreaterThan(1.99);
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.44) / Math.sqrt(draws.length));
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  // 1 - 2 a phi(a) / (2 Phi(a) - 1) at a = 2, times the variance before the cut
  expect(variance).toBeCloseTo(0.25 * 0.7737, 2);
});

test('never gives infinity, also without bounds', async () => {
  const draws = await numbersOf(truncatedNormal(key(2), [50_000], { low: -Infinity, high: Infinity }));
  expect(draws.every(Number.isFinite)).toBe(true);
});

test.each([{}, { low: 2, high: Infinity }])(
  'has the same bits on one thread and on two: %p',
  async (options) => {
    const before = threads();
    const runs: number[][] = [];
    for (const count of [1, 2]) {
      setThreads(count);
      runs.push(await numbersOf(truncatedNormal(key(3), [100_003], options)));
    }
    setThreads(before);
    expect(runs[0]).toEqual(runs[1]);
  },
);

test.each<[string, TruncatedNormalOptions]>([
  ['a deviation of 0', { deviation: 0 }],
  ['an infinite mean', { mean: Infinity }],
  ['bounds the wrong way round', { low: 1, high: -1 }],
  ['bounds that are NaN', { low: NaN }],
  ['bounds too far out', { low: 40, high: 41 }],
])('refuses %s', (_name, options) => {
  expect(() => truncatedNormal(key(1), [2], options)).toThrow(code('ERR_VALUE'));
});
