import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { assignment, elasticNet, lasso, projectCappedSimplex, projectSimplex } from '../../lib/linalg';
import { add, mul, sub, zeros } from '../../lib/ops/elementwise/arithmetic';
import { abs } from '../../lib/ops/elementwise/math';
import { matmul } from '../../lib/ops/products/matmul';
import { max, mean } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, permutation } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { code } from '../support/errors';

const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())].map(Number);
const random = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, { dtype: 'float64' });

describe('assignment', () => {
  test('finds a hidden permutation, and the dearest choice when asked', async () => {
    const n = 200;
    const hidden = await numbers(permutation(key(1), n));
    const noise = await numbers(random(2, n, n));
    const cost = noise.map(
      (value, at) => Math.abs(value) + (hidden[Math.floor(at / n)] === at % n ? -10 : 0),
    );
    const matrix = tensor(Float64Array.from(cost), { shape: [n, n] });
    expect(await numbers(assignment(matrix).columns)).toEqual(hidden);
    expect(await numbers(assignment(mul(matrix, -1), { maximize: true }).columns)).toEqual(hidden);
  });

  test('never chooses what is forbidden, and refuses when it must', async () => {
    const forbidding = tensor([
      [1, Infinity],
      [0, 5],
    ]);
    expect(await numbers(assignment(forbidding).columns)).toEqual([0, 1]);
    const impossible = tensor([
      [Infinity, Infinity],
      [0, 5],
    ]);
    await expect(assignment(impossible).rows.data()).rejects.toEqual(code('ERR_VALUE'));
    await expect(assignment(tensor([[NaN]])).rows.data()).rejects.toEqual(code('ERR_VALUE'));
    expect(() => assignment(zeros([3]))).toThrow(code('ERR_SHAPE'));
  });

  test('has a gradient: the choice', async () => {
    const cost = tensor([
      [4, 1, 3],
      [2, 0, 5],
      [3, 2, 2],
    ]);
    expect(await numbers(grad((c: Tensor) => assignment(c).total)(cost))).toEqual([
      0, 1, 0, 1, 0, 0, 0, 0, 1,
    ]);
  });
});

describe('projections', () => {
  const x = random(3, 20, 50);
  test.each([
    ['simplex', projectSimplex(x, { total: 2 }), 2, Infinity],
    ['capped simplex', projectCappedSimplex(x, { total: 20 }), 20, 1],
  ] as const)('onto the %s are in it, nearest, and stay', async (_name, y, total, cap) => {
    for (const row of await numbers(sum(y, { axis: 1 }))) expect(row).toBeCloseTo(total, 12);
    expect(Math.min(...(await numbers(y)))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...(await numbers(y)))).toBeLessThanOrEqual(cap);
    const again = cap === 1 ? projectCappedSimplex(y, { total }) : projectSimplex(y, { total });
    expect(await max(abs(sub(again, y))).item()).toBeLessThan(1e-13);
    // No direction into the set leads nearer: <x - y, z - y> <= 0 for points z of it.
    const z =
      cap === 1
        ? projectCappedSimplex(random(4, 20, 50), { total })
        : projectSimplex(random(4, 20, 50), { total });
    expect(await max(sum(mul(sub(x, y), sub(z, y)), { axis: 1 })).item()).toBeLessThan(1e-12);
  });

  test('corners: nothing, everything, and totals that do not fit', async () => {
    const row = tensor(Float64Array.of(3, -1, 2));
    expect(await numbers(projectSimplex(row, { total: 0 }))).toEqual([0, 0, 0]);
    expect(await numbers(projectCappedSimplex(row, { total: 3 }))).toEqual([1, 1, 1]);
    expect(await numbers(projectCappedSimplex(row, { total: 2 }))).toEqual([1, 0, 1]);
    expect(await numbers(projectSimplex(tensor(Float64Array.of(5, 5))))).toEqual([0.5, 0.5]);
    expect(() => projectCappedSimplex(row, { total: 3.1 })).toThrow(code('ERR_OPTION'));
    expect(() => projectSimplex(row, { total: -1 })).toThrow(code('ERR_OPTION'));
    await expect(projectSimplex(mul(row, NaN)).data()).rejects.toEqual(code('ERR_VALUE'));
  });
});

describe('elastic net', () => {
  const [n, p] = [60, 20];
  const x = random(5, n, p);
  const truth = tensor(
    Float64Array.from({ length: p }, (_, j) => (j < 3 ? 2 - j : 0)),
    { shape: [p, 1] },
  );
  const y = reshape(add(matmul(x, truth), mul(random(6, n, 1), 0.1)), [n]);

  test('the path begins where all weights are zero, and its gaps are small', async () => {
    const { alphas, weights, dualityGaps, iterations } = lasso(x, y);
    expect(weights.shape).toEqual([100, p]);
    const strengths = await numbers(alphas);
    expect(strengths[0]! / strengths.at(-1)!).toBeCloseTo(1000, 8);
    expect(await max(abs(slice(weights, { stops: [1] }))).item()).toBeLessThan(1e-12);
    expect(await max(abs(slice(weights, { starts: [1], stops: [2] }))).item()).toBeGreaterThan(1e-3);
    const energy = await mean(mul(sub(y, mean(y)), sub(y, mean(y)))).item();
    for (const gap of await numbers(dualityGaps)) expect(gap).toBeLessThanOrEqual(1e-8 * energy);
    expect(Math.max(...(await numbers(iterations)))).toBeLessThan(10000);
  });

  test.each([1, 0.5])('meets the conditions of the minimum, l1Ratio %d', async (l1Ratio) => {
    const alpha = 0.2;
    const { weights, intercepts } = elasticNet(x, y, { alpha, l1Ratio, tolerance: 1e-14 });
    const w = await numbers(weights);
    const fitted = add(matmul(x, transpose(weights)), intercepts);
    const slopes = await numbers(mul(matmul(transpose(x), sub(reshape(y, [n, 1]), fitted)), 1 / n));
    w.forEach((weight, j) => {
      const smooth = slopes[j]! - alpha * (1 - l1Ratio) * weight;
      if (weight === 0) expect(Math.abs(smooth)).toBeLessThanOrEqual(alpha * l1Ratio + 1e-7);
      else expect(smooth).toBeCloseTo(Math.sign(weight) * alpha * l1Ratio, 6);
    });
    expect(w.filter((weight) => weight === 0).length).toBeGreaterThan(p / 2);
    // The constant is not penalised: residuals have no mean.
    expect(await mean(sub(reshape(y, [n, 1]), fitted)).item()).toBeCloseTo(0, 10);
  });

  test('takes several targets, and stops when told to', async () => {
    const both = transpose(
      tensor(Float64Array.from([...(await numbers(y)), ...(await numbers(mul(y, -1)))]), { shape: [2, n] }),
    );
    const { weights } = elasticNet(x, both, { alpha: [0.3, 0.1] });
    expect(weights.shape).toEqual([2, 2, p]);
    const [first, second] = [slice(weights, { stops: [1] }), slice(weights, { starts: [1] })];
    expect(await max(abs(add(first, second))).item()).toBeLessThan(1e-12);
    const hasty = elasticNet(x, y, { alpha: 0.001, maxIterations: 1 });
    expect(await numbers(hasty.iterations)).toEqual([1]);
    const gap = async (net: typeof hasty): Promise<number> => net.dualityGaps.item();
    expect(await gap(hasty)).toBeGreaterThan(100 * (await gap(elasticNet(x, y, { alpha: 0.001 }))));
  });

  test('says so when squares overflow, and stops where nothing moves', async () => {
    const vast = elasticNet(mul(x, 1e200), mul(y, 1e200), { alpha: 0.1 });
    await expect(vast.weights.data()).rejects.toEqual(code('ERR_VALUE'));
    const exact = elasticNet(tensor([[1], [1]], { dtype: 'float64' }), tensor([2, 2], { dtype: 'float64' }), {
      alpha: 0.5,
      l1Ratio: 1,
      intercept: false,
      tolerance: 0,
      maxIterations: 1_000_000_000,
    });
    expect(await exact.weights.data()).toEqual(Float64Array.of(1.5));
  });

  test('refuses what does not fit', () => {
    expect(() => elasticNet(zeros([3, 2]), zeros([3]))).toThrow(code('ERR_DTYPE'));
    expect(() => lasso(x, zeros([3], 'float64'))).toThrow(code('ERR_SHAPE'));
    expect(() => lasso(x, y, { alpha: 0 })).toThrow(code('ERR_OPTION'));
    expect(() => elasticNet(x, y, { l1Ratio: 2 })).toThrow(code('ERR_OPTION'));
    expect(() => lasso(x, y, { l1Ratio: 0.5 } as object)).toThrow(code('ERR_OPTION'));
  });
});
