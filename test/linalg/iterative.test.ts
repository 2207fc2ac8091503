import { evaluate } from '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { memory } from '../../lib/native';
import {
  cg,
  eigvalsh,
  hutchinsonDiagonal,
  hutchinsonTrace,
  hutchPlusPlus,
  lanczos,
  lsmr,
  lstsq,
  minres,
  powerIteration,
  qr,
  solve,
  type Linear,
  xTrace,
} from '../../lib/linalg';
import { abs } from '../../lib/ops/elementwise/math';
import { add, mul, sub } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { max } from '../../lib/ops/reduce/reduce';
import { diag, diagonal, trace } from '../../lib/ops/shape/diagonal';
import { reshape } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
import { eye } from '../../lib/ops/shape/triangle';
import { key, normal } from '../../lib/random';
import { code } from '../support/errors';

const random = (seed: number, ...shape: Shape): Tensor => normal(key(seed), shape, { dtype: 'float64' });
const distance = async (a: Tensor, b: Tensor): Promise<number> => max(abs(sub(a, b))).item();

const N = 30;
const half = random(1, N, N);
/** Condition number about 100. */
const definite = add(mul(matmul(half, transpose(half)), 1 / N), mul(eye(N, { dtype: 'float64' }), 0.05));
const indefinite = add(half, transpose(half));
const sides = random(2, N, 3);
/** The tolerance of the solvers; solutions are worse by the condition number. */
const FINE = 1e-11;
const SOLVED = 1e-7;

beforeAll(async () => {
  await evaluate([definite, indefinite, sides]);
});

describe('cg', () => {
  test('solves for all columns, and for a vector', async () => {
    const { solution, converged, residuals, iterations } = await cg(definite, sides, { tolerance: FINE });
    expect(converged).toBe(true);
    expect(residuals).toHaveLength(iterations + 1);
    expect(residuals[0]).toBeCloseTo(1, 12);
    expect(await distance(solution, solve(definite, sides))).toBeLessThan(SOLVED);
    const one = random(3, N);
    const alone = await cg((x) => matmulVector(definite, x), one, { tolerance: FINE });
    expect(alone.solution.shape).toEqual([N]);
    expect(await distance(alone.solution, solve(definite, one))).toBeLessThan(SOLVED);
  });

  test('needs one step with the inverse as preconditioner', async () => {
    const inverse = await evaluate(solve(definite, eye(N, { dtype: 'float64' })));
    const { iterations } = await cg(definite, sides, {
      preconditioner: (x) => matmul(inverse, x),
      tolerance: 1e-9,
    });
    expect(iterations).toBe(1);
    expect((await cg(definite, sides, { tolerance: 1e-9 })).iterations).toBeGreaterThan(5);
  });

  test('needs none from the solution, and none for zero', async () => {
    const start = await evaluate(solve(definite, sides));
    expect((await cg(definite, sides, { start })).iterations).toBe(0);
    const nothing = await cg(definite, mul(sides, 0));
    expect(nothing.iterations).toBe(0);
    expect(await distance(nothing.solution, mul(sides, 0))).toBe(0);
  });

  test('stops when it may not go on, and says so', async () => {
    const { converged, iterations } = await cg(definite, sides, { tolerance: FINE, maxIterations: 2 });
    expect([converged, iterations]).toEqual([false, 2]);
  });

  test('refuses an operator that is not positive definite', async () => {
    await expect(cg(indefinite, sides)).rejects.toEqual(code('ERR_NOT_POSITIVE_DEFINITE'));
  });

  test('is cancelled, tells its progress, and keeps nothing', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }): void => {
      seen.push(done);
      if (done === 3) controller.abort();
    };
    const options = { tolerance: 0, signal: controller.signal, onProgress };
    await expect(cg(definite, sides, options)).rejects.toEqual(code('ERR_ABORTED'));
    expect(seen).toEqual([0, 1, 2, 3]);
    const before = memory().handles;
    const { solution } = await cg(definite, sides);
    expect(memory().handles).toBeLessThanOrEqual(before + 1);
    solution.dispose();
  });
});

describe('minres', () => {
  test.each([
    ['definite', definite],
    ['indefinite', indefinite],
  ])('solves a %s system with residuals that never grow', async (_kind, a) => {
    const { solution, converged, residuals } = await minres(a, sides, {
      tolerance: FINE,
      maxIterations: 500,
    });
    expect(converged).toBe(true);
    expect(await distance(matmul(a, solution), sides)).toBeLessThan(SOLVED);
    for (const [i, residual] of residuals.slice(1).entries())
      expect(residual).toBeLessThanOrEqual(residuals[i]! * (1 + 1e-12));
  });
});

describe('lsmr', () => {
  const tall = random(4, 40, 12);
  const right = random(5, 40, 2);
  test('solves least squares', async () => {
    const { solution, converged } = await lsmr(tall, right, { tolerance: FINE });
    expect(converged).toBe(true);
    expect(await distance(solution, lstsq(tall, right).solution)).toBeLessThan(SOLVED);
  });

  test('finds the shortest of many solutions', async () => {
    const wide = transpose(tall);
    const few = random(6, 12, 2);
    const { solution } = await lsmr(wide, few, { tolerance: FINE });
    expect(await distance(solution, lstsq(wide, few).solution)).toBeLessThan(SOLVED);
  });

  test('damps', async () => {
    const { solution } = await lsmr(tall, right, { tolerance: FINE, damping: 2 });
    const normal = add(matmul(transpose(tall), tall), mul(eye(12, { dtype: 'float64' }), 4));
    expect(await distance(solution, solve(normal, matmul(transpose(tall), right)))).toBeLessThan(SOLVED);
  });

  test('needs an adjoint', async () => {
    const operator = { shape: [40, 12] as const, matvec: (x: Tensor) => matmul(tall, x) };
    await expect(lsmr(operator, right)).rejects.toEqual(code('ERR_SHAPE'));
  });
});

describe('lanczos', () => {
  test('makes the operator tridiagonal', async () => {
    const { alpha, beta, basis } = await lanczos(indefinite, { steps: N, key: key(1), dtype: 'float64' });
    const inner = matmul(transpose(basis), matmul(indefinite, basis));
    const below = diag(beta, { offset: -1 });
    const expected = add(add(diag(alpha), below), transpose(below));
    expect(await distance(inner, expected)).toBeLessThan(1e-11);
    expect(await distance(matmul(transpose(basis), basis), eye(N, { dtype: 'float64' }))).toBeLessThan(1e-12);
  });

  test('finds the outer eigenvalues in a few steps', async () => {
    const { alpha, beta } = await lanczos(definite, { steps: 18, key: key(2), dtype: 'float64' });
    const below = diag(beta, { offset: -1 });
    const ritz = await eigvalsh(add(add(diag(alpha), below), transpose(below))).data();
    const exact = await eigvalsh(definite).data();
    expect(ritz.at(-1)).toBeCloseTo(Number(exact.at(-1)), 5);
  });

  test('ends early in an invariant subspace', async () => {
    const start = tensor(Float64Array.of(1, 1, 0, 0));
    const a = diag(tensor(Float64Array.of(1, 2, 3, 4)));
    const { alpha, basis } = await lanczos(a, { steps: 4, start });
    expect(alpha.shape).toEqual([2]);
    expect(basis.shape).toEqual([4, 2]);
  });

  test('wants a start', async () => {
    await expect(lanczos(definite, { steps: 3 })).rejects.toEqual(code('ERR_OPTION'));
    await expect(lanczos((x) => x, { steps: 3, key: key(1) })).rejects.toEqual(code('ERR_OPTION'));
  });
});

test('powerIteration finds the largest eigenvalue, with its sign', async () => {
  const a = diag(tensor(Float64Array.of(1, -5, 3)));
  const { value, vector, converged } = await powerIteration(a, {
    key: key(1),
    dtype: 'float64',
    tolerance: 1e-9,
  });
  expect(converged).toBe(true);
  expect(value).toBeCloseTo(-5, 9);
  expect(Math.abs(Number((await vector.data())[1]))).toBeCloseTo(1, 9);
});

describe('traces', () => {
  const options = { key: key(3), dtype: 'float64', samples: 300 } as const;
  const estimates = [hutchinsonTrace, hutchPlusPlus, xTrace];
  test.each(estimates.map((estimate) => [estimate.name, estimate] as const))(
    '%s is within a few standard errors',
    async (_name, estimate) => {
      const found = estimate(indefinite, { ...options, samples: 45 });
      const error = Math.abs((await found.trace.item()) - (await trace(indefinite).item()));
      expect(error).toBeLessThan(4 * (await found.standardError.item()));
    },
  );

  test('are exact where no randomness is left', async () => {
    const flat: Linear = { shape: [N, N], matvec: (x) => mul(x, 3) };
    expect(await hutchinsonTrace(flat, { ...options, samples: 2 }).trace.item()).toBeCloseTo(3 * N, 10);
    // The sketch spans everything.
    const all = hutchPlusPlus(definite, options);
    expect(await all.trace.item()).toBeCloseTo(await trace(definite).item(), 10);
    const spread = diag(tensor(Float64Array.of(1, 2, 3)));
    expect(await distance(hutchinsonDiagonal(spread, options), diagonal(spread))).toBeLessThan(1e-12);
  });

  test('xTrace is exact for a multiple of the identity, for nothing, and where its range is all', async () => {
    const flat: Linear = { shape: [N, N], matvec: (x) => mul(x, 3) };
    expect(await xTrace(flat, { ...options, samples: 6 }).trace.item()).toBeCloseTo(3 * N, 10);
    expect(await xTrace(mul(definite, 0), { ...options, samples: 6 }).trace.item()).toBe(0);
    const all = xTrace(indefinite, { ...options, samples: 2 * N });
    expect(await all.trace.item()).toBeCloseTo(await trace(indefinite).item(), 6);
  });

  test('xTrace has no bias', async () => {
    const runs = 400;
    const found = await evaluate(
      Array.from(
        { length: runs },
        (_, i) => xTrace(indefinite, { ...options, key: key(i), samples: 8 }).trace,
      ),
    );
    const values = await Promise.all(found.map((estimate) => estimate.item()));
    const mean = values.reduce((total, value) => total + value, 0) / runs;
    const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / runs;
    const exact = await trace(indefinite).item();
    expect(Math.abs(mean - exact)).toBeLessThan(4 * Math.sqrt(variance / runs));
  });

  test('xTrace does better than hutchPlusPlus when eigenvalues fall quickly', async () => {
    const { q } = qr(random(9, N, N));
    const falling = diag(tensor(Float64Array.from({ length: N }, (_, i) => 2 ** -i)));
    const a = matmul(q, matmul(falling, transpose(q)));
    const exact = await trace(a).item();
    const errorOf = async (estimate: typeof xTrace): Promise<number> => {
      const found = await evaluate(
        Array.from({ length: 30 }, (_, i) => estimate(a, { ...options, key: key(i), samples: 24 }).trace),
      );
      const values = await Promise.all(found.map((value) => value.item()));
      return Math.sqrt(values.reduce((total, value) => total + (value - exact) ** 2, 0) / values.length);
    };
    expect(await errorOf(xTrace)).toBeLessThan((await errorOf(hutchPlusPlus)) / 2);
  });

  test('hutchPlusPlus does better than hutchinsonTrace when few eigenvalues matter', async () => {
    const factor = random(8, N, 3);
    const low = matmul(factor, transpose(factor));
    const [plain, better] = [hutchinsonTrace, hutchPlusPlus].map((f) => f(low, { ...options, samples: 18 }));
    const exact = await trace(low).item();
    expect(Math.abs((await better!.trace.item()) - exact)).toBeLessThan(1e-9 * exact);
    expect(Math.abs((await plain!.trace.item()) - exact)).toBeGreaterThan(1e-3 * exact);
  });
});

/** `A x` for a vector x. */
const matmulVector = (a: Tensor, x: Tensor): Tensor => reshape(matmul(a, reshape(x, [N, 1])), [N]);
