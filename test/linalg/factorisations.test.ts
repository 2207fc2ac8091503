import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { WideFloatDType } from '../../lib/graph/dtype';
import { lower } from '../../lib/graph/lowering/lower';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads, threads } from '../../lib/native';
import {
  cholesky,
  cond,
  det,
  eigh,
  eigvalsh,
  factorLu,
  factorSpd,
  lu,
  inverse,
  inverseSqrtSpd,
  lstsq,
  matrixExponential,
  matrixNorm,
  matrixPower,
  matrixRank,
  pinv,
  qr,
  randomizedSvd,
  slogdet,
  solve,
  solveSpd,
  sqrtSpd,
  svd,
  svdvals,
  triangularSolve,
} from '../../lib/linalg';
import { add, mul, sub, zeros } from '../../lib/ops/elementwise/arithmetic';
import { abs } from '../../lib/ops/elementwise/math';
import { takeAlong } from '../../lib/ops/indexing/takeAlong';
import { matmul } from '../../lib/ops/products/matmul';
import { max } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { concat, stack } from '../../lib/ops/shape/concat';
import { diag, diagonal } from '../../lib/ops/shape/diagonal';
import { expandDims } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import { eye, tril, triu } from '../../lib/ops/shape/triangle';
import { key, normal } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { expectSameBits } from '../support/compare';
import { code } from '../support/errors';

const random = (seed: number, shape: Shape, dtype: WideFloatDType = 'float64'): Tensor =>
  normal(key(seed), shape, { dtype });
const distance = async (a: Tensor, b: Tensor): Promise<number> => max(abs(sub(a, b))).item();
const identity = (n: number, dtype: WideFloatDType = 'float64'): Tensor => eye(n, { dtype });
const matrix = (rows: readonly (readonly number[])[]): Tensor => tensor(rows, { dtype: 'float64' });

/** What is lost by backward stable algorithms: some hundred roundings of numbers around ten. */
const LOST: Record<WideFloatDType, number> = { float32: 2e-4, float64: 2e-12 };

// Sizes on both sides of where the work is divided, and of blocks that do not come out even.
describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  test.each([1, 2, 7, 64, 191, 192, 200, 383, 385, 500])('identities hold for %i rows', async (n) => {
    const a = random(n, [n, n], dtype);
    const definite = add(mul(matmul(a, transpose(a)), 1 / n), identity(n, dtype));
    const l = cholesky(definite);
    expect(await distance(matmul(l, transpose(l)), definite)).toBeLessThan(LOST[dtype]);
    expect(await distance(triu(l, { offset: 1 }), mul(l, 0))).toBe(0);
    const { values, vectors } = eigh(definite);
    expect(await distance(matmul(definite, vectors), mul(vectors, expandDims(values, -2)))).toBeLessThan(
      LOST[dtype],
    );
    expect(await distance(matmul(transpose(vectors), vectors), identity(n, dtype))).toBeLessThan(LOST[dtype]);
    expect(await distance(eigvalsh(definite), values)).toBeLessThan(LOST[dtype]);
    const y = random(3, [n, 5], dtype);
    expect(await distance(matmul(definite, solveSpd(definite, y)), y)).toBeLessThan(LOST[dtype]);
    expect(await distance(matmul(definite, solve(definite, y)), y)).toBeLessThan(LOST[dtype]);
  });

  test.each([
    [5, 9],
    [9, 5],
    [130, 70],
    [70, 130],
    [400, 150],
  ])('identities hold for [%i, %i]', async (m, n) => {
    const a = random(m, [m, n], dtype);
    const k = Math.min(m, n);
    for (const full of [false, true]) {
      const { u, s, vh } = svd(a, { full });
      const [left, right] = [slice(u, { stops: [m, k] }), slice(vh, { stops: [k, n] })];
      expect(await distance(matmul(mul(left, expandDims(s, -2)), right), a)).toBeLessThan(LOST[dtype]);
      expect(await distance(matmul(transpose(u), u), identity(full ? m : k, dtype))).toBeLessThan(
        LOST[dtype],
      );
      expect(await distance(matmul(vh, transpose(vh)), identity(full ? n : k, dtype))).toBeLessThan(
        LOST[dtype],
      );
    }
    expect(await distance(svdvals(a), svd(a).s)).toBeLessThan(LOST[dtype]);
    for (const mode of ['reduced', 'complete'] as const) {
      const { q, r } = qr(a, { mode });
      expect(await distance(matmul(q, r), a)).toBeLessThan(LOST[dtype]);
      expect(await distance(tril(r, { offset: -1 }), mul(r, 0))).toBe(0);
      expect(await max(mul(diagonal(r), -1)).item()).toBeLessThanOrEqual(0);
    }
    const p = pinv(a);
    expect(await distance(matmul(matmul(a, p), a), a)).toBeLessThan(LOST[dtype]);
  });
});

test('a matrix gives the same bits alone, in a batch, and on any number of threads', async () => {
  const usual = threads();
  for (const n of [40, 250, 420]) {
    const a = random(n, [n, n], 'float32');
    const definite = add(matmul(a, transpose(a)), identity(n, 'float32'));
    const pair = stack([identity(n, 'float32'), definite]);
    const second = (x: Tensor): Tensor => slice(x, { starts: [1] });
    try {
      for (const f of [cholesky, (x: Tensor) => eigh(x).vectors, (x: Tensor) => svd(x).u, inverse]) {
        setThreads(1);
        const alone = await f(definite).data();
        setThreads(3);
        expectSameBits(await second(f(pair)).data(), alone, `${n} rows`);
      }
    } finally {
      setThreads(usual);
    }
  }
});

describe('errors name the matrix and the place', () => {
  const bad = stack([identity(3), diag(tensor(Float64Array.of(1, -1, 1)))]);
  const holed = stack([
    identity(2),
    matrix([
      [1, NaN],
      [NaN, 1],
    ]),
  ]);
  test.each([
    [
      'cholesky',
      () => cholesky(bad),
      'ERR_NOT_POSITIVE_DEFINITE',
      'matrix 1 of the batch',
      'row 1 is not positive',
    ],
    [
      'triangularSolve',
      () => triangularSolve(zeros([2, 2]), zeros([2, 1])),
      'ERR_SINGULAR',
      'zero in row 0',
      '',
    ],
    [
      'solve',
      () =>
        solve(
          matrix([
            [1, 2],
            [2, 4],
          ]),
          matrix([[1], [2]]),
        ),
      'ERR_SINGULAR',
      'pivot 1 is zero',
      '',
    ],
    ['eigh', () => eigh(holed).values, 'ERR_VALUE', 'eigh: matrix 1 of the batch', 'NaN'],
    ['eigvalsh', () => eigvalsh(holed), 'ERR_VALUE', 'eigvalsh: matrix 1', ''],
    ['svd', () => svd(holed).s, 'ERR_VALUE', 'svd: matrix 1', ''],
    ['svdvals', () => svdvals(mul(holed, Infinity)), 'ERR_VALUE', 'svdvals: matrix 0', ''],
    ['qr', () => qr(holed).r, 'ERR_VALUE', 'qr: matrix 1', ''],
    ['slogdet', () => slogdet(holed).sign, 'ERR_VALUE', 'slogdet: matrix 1', ''],
    ['matrixExponential', () => matrixExponential(holed), 'ERR_VALUE', 'matrixExponential: matrix 1', ''],
  ] as const)('%s', async (_name, make, wanted, where, what) => {
    await expect(make().data()).rejects.toEqual(code(wanted));
    for (const text of [where, what]) await expect(make().data()).rejects.toThrow(text);
  });

  test('shapes, dtypes and options', () => {
    expect(() => cholesky(zeros([2, 3]))).toThrow(code('ERR_SHAPE'));
    expect(() => eigh(zeros([3]))).toThrow(code('ERR_SHAPE'));
    expect(() => svd(zeros([2, 2], 'int32'))).toThrow(code('ERR_DTYPE'));
    expect(() => solve(zeros([2, 2]), zeros([3, 1]))).toThrow(code('ERR_SHAPE'));
    expect(() => solve(zeros([2, 2]), zeros([2, 1], 'float64'))).toThrow(code('ERR_DTYPE'));
    expect(() => svd(zeros([2, 2]), { ful: true } as object)).toThrow("did you mean 'full'");
    expect(() => matrixPower(zeros([2, 2]), 0.5)).toThrow(code('ERR_ARGUMENT'));
    expect(() => matrixNorm(zeros([2, 2]), { order: 3 })).toThrow(code('ERR_OPTION'));
    expect(() => randomizedSvd(zeros([2, 2]), { key: key(1), rank: 3 })).toThrow(code('ERR_OPTION'));
  });
});

test('nothing has its factorisations too', async () => {
  expect(cholesky(zeros([0, 0])).shape).toEqual([0, 0]);
  expect(await slogdet(zeros([2, 0, 0])).logabsdet.data()).toEqual(Float32Array.of(0, 0));
  expect(await det(zeros([0, 0])).item()).toBe(1);
  expect(await svd(zeros([0, 2]), { full: true }).vh.data()).toEqual(Float32Array.of(1, 0, 0, 1));
  expect(await qr(zeros([2, 0]), { mode: 'complete' }).q.data()).toEqual(Float32Array.of(1, 0, 0, 1));
  expect(pinv(zeros([3, 0, 2])).shape).toEqual([3, 2, 0]);
  expect(await matrixRank(zeros([0, 3])).item()).toBe(0);
});

test('huge and tiny matrices keep their relative precision', async () => {
  for (const scale of [1e-30, 1e30, 1e-160, 1e160]) {
    const a = mul(
      matrix([
        [2, 1],
        [1, 2],
      ]),
      scale,
    );
    const [low, high] = await eigh(a).values.data();
    expect(Number(low) / scale).toBeCloseTo(1, 12);
    expect(Number(high) / scale).toBeCloseTo(3, 12);
    expect(Number((await svd(a).s.data())[0]) / scale).toBeCloseTo(3, 12);
  }
});

describe('rank-deficient and ill-conditioned matrices', () => {
  const factor = random(5, [8, 2]);
  const low = matmul(factor, transpose(random(6, [6, 2])));
  test('rank, pseudo-inverse and least squares see the rank', async () => {
    expect(await matrixRank(low).item()).toBe(2);
    const p = pinv(low);
    for (const [left, right] of [
      [matmul(matmul(low, p), low), low],
      [matmul(matmul(p, low), p), p],
      [transpose(matmul(low, p)), matmul(low, p)],
      [transpose(matmul(p, low)), matmul(p, low)],
    ] as const)
      expect(await distance(left, right)).toBeLessThan(1e-12);
    const y = random(7, [8]);
    const { solution, residuals, rank } = lstsq(low, y);
    expect(solution.shape).toEqual([6]);
    expect(await rank.item()).toBe(2);
    const gap = sub(matmul(low, expandDims(solution, 1)), expandDims(y, 1));
    expect(await distance(matmul(transpose(low), gap), zeros([6, 1], 'float64'))).toBeLessThan(1e-12);
    expect(await sum(mul(gap, gap)).item()).toBeCloseTo(await residuals.item(), 12);
  });

  test('Hilbert matrices are as bad as they are', async () => {
    const hilbert = (n: number): Tensor =>
      matrix(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => 1 / (i + j + 1))));
    // Condition numbers in the 2-norm of Hilbert's matrices of 3 and 5 rows, to six digits.
    expect(await cond(hilbert(3)).item()).toBeCloseTo(524.057, 3);
    expect((await cond(hilbert(5)).item()) / 476607).toBeCloseTo(1, 5);
    expect(await cond(hilbert(3), { order: 1 }).item()).toBeCloseTo(748, 8);
    await expect(cholesky(sub(hilbert(5), mul(identity(5), 1e-4))).data()).rejects.toEqual(
      code('ERR_NOT_POSITIVE_DEFINITE'),
    );
  });

  test('repeated values have derivatives that do not depend on the vectors', async () => {
    // The gradient of the sum of all values is the identity; that of the sum of squares is twice the matrix.
    const twice = identity(3);
    const total = (a: Tensor): Tensor => sum(eigh(a).values);
    expect(await distance(grad(total)(twice), twice)).toBeLessThan(1e-14);
    const squares = (a: Tensor): Tensor => sum(mul(svdvals(a), svdvals(a)));
    expect(await distance(grad(squares)(twice), mul(twice, 2))).toBeLessThan(1e-13);
    const root = (a: Tensor): Tensor => sum(mul(sqrtSpd(a), random(1, [3, 3])));
    const direction = random(1, [3, 3]);
    const expected = mul(add(direction, transpose(direction)), 0.25);
    expect(await distance(grad(root)(twice), expected)).toBeLessThan(1e-13);
  });
});

test('functions of matrices', async () => {
  const a = random(8, [4, 4]);
  expect(await distance(matrixPower(a, 5), matmul(a, matmul(a, matmul(a, matmul(a, a)))))).toBeLessThan(
    1e-12,
  );
  expect(await distance(matmul(matrixPower(a, -2), matmul(a, a)), identity(4))).toBeLessThan(1e-10);
  expect(await distance(matrixPower(a, 0), identity(4))).toBe(0);
  const definite = add(matmul(a, transpose(a)), identity(4));
  const white = inverseSqrtSpd(definite);
  expect(await distance(matmul(white, matmul(definite, white)), identity(4))).toBeLessThan(1e-12);
  // A rotation by an angle is the exponential of its generator.
  const [cosine, sine] = [Math.cos(30), Math.sin(30)];
  const turn = matrixExponential(
    matrix([
      [0, -30],
      [30, 0],
    ]),
  );
  expect(
    await distance(
      turn,
      matrix([
        [cosine, -sine],
        [sine, cosine],
      ]),
    ),
  ).toBeLessThan(1e-13);
  const b = matrix([
    [1, -2],
    [3, 4],
  ]);
  expect(await matrixNorm(b).item()).toBeCloseTo(Math.sqrt(30), 13);
  expect(await matrixNorm(b, { order: 1 }).item()).toBe(6);
  expect(await matrixNorm(b, { order: Infinity }).item()).toBe(7);
  const s = await svdvals(b).data();
  expect(await matrixNorm(b, { order: 'nuclear' }).item()).toBeCloseTo(Number(s[0]) + Number(s[1]), 13);
  expect(await matrixNorm(b, { order: 'spectral' }).item()).toBeCloseTo(Number(s[0]), 13);
  expect(await distance(grad(matrixNorm)(mul(b, 0)), mul(b, 0))).toBe(0);
});

test('randomizedSvd finds a matrix of low rank exactly, with the signs of svd', async () => {
  const low = matmul(random(5, [60, 4]), transpose(random(6, [50, 4])));
  const options = { key: key(1), rank: 4 };
  const { u, s, vh } = randomizedSvd(low, options);
  const exact = svd(low);
  expect(await distance(s, slice(exact.s, { stops: [4] }))).toBeLessThan(1e-11);
  expect(await distance(u, slice(exact.u, { stops: [60, 4] }))).toBeLessThan(1e-11);
  expect(await distance(vh, slice(exact.vh, { stops: [4] }))).toBeLessThan(1e-11);
  expectSameBits(await randomizedSvd(low, options).s.data(), await s.data(), 'the same key');
});

test('power iterations sharpen a sketch', async () => {
  const left = qr(random(1, [80, 80])).q;
  const slow = tensor(Float64Array.from({ length: 80 }, (_, i) => 1 / (1 + i / 10)));
  const a = matmul(mul(left, slow), qr(random(2, [80, 80])).q);
  const errorOf = async (powerIterations: number): Promise<number> => {
    const { s } = randomizedSvd(a, { key: key(3), rank: 5, oversampling: 5, powerIterations });
    return distance(s, slice(slow, { stops: [5] }));
  };
  expect(await errorOf(4)).toBeLessThan((await errorOf(0)) / 5);
});

test('factorSpd keeps a factor for many solves', async () => {
  const a = random(9, [2, 5, 5]);
  const definite = add(matmul(a, transpose(a)), identity(5));
  const system = await factorSpd(definite);
  const y = random(10, [2, 5, 3]);
  expect(await distance(system.solve(y), solveSpd(definite, y))).toBeLessThan(1e-13);
  expect(await distance(system.inverse(), inverse(definite))).toBeLessThan(1e-12);
  expect(await distance(system.logdet(), slogdet(definite).logabsdet)).toBeLessThan(1e-12);
  system.dispose();
  expect(() => system.solve(y)).toThrow(code('ERR_DISPOSED'));
  await expect(factorSpd(mul(definite, -1))).rejects.toEqual(code('ERR_NOT_POSITIVE_DEFINITE'));
});

test('factorLu keeps factors for many solves, with the matrix and with its transposed', async () => {
  const a = add(random(9, [2, 5, 5]), identity(5));
  const system = await factorLu(a);
  const y = random(10, [3, 2, 5, 3]);
  expect(await distance(system.solve(y), solve(a, y))).toBeLessThan(1e-12);
  expect(await distance(system.solve(y, { transposed: true }), solve(transpose(a), y))).toBeLessThan(1e-12);
  expect(await distance(system.inverse(), inverse(a))).toBeLessThan(1e-12);
  system.dispose();
  expect(() => system.solve(y)).toThrow(code('ERR_DISPOSED'));
  const singular = await factorLu(mul(a, 0));
  await expect(singular.solve(y).data()).rejects.toEqual(code('ERR_SINGULAR'));
});

test('the product of the factors of lu is the matrix with its rows in order', async () => {
  const a = random(13, [3, 40, 40]);
  const { l, u, permutation } = lu(a);
  expect(await distance(matmul(l, u), takeAlong(a, expandDims(permutation, -1), { axis: -2 }))).toBeLessThan(
    1e-12,
  );
  const entries = await abs(l).data();
  expect(Math.max(...(entries as Float64Array))).toBe(1);
});

test('solving twice with one matrix factors it once', () => {
  const a = add(random(11, [3, 3]), mul(identity(3), 4));
  const both = concat([solve(a, identity(3)), solve(a, random(12, [3, 3]))], { axis: 1 });
  const kernels = lower([both]).steps.map((step) => (step.kind === 'kernel' ? step.kernel : step.operation));
  expect(kernels.filter((name) => name === 'luFactor')).toHaveLength(1);
  expect(kernels.filter((name) => name === 'luSolve')).toHaveLength(2);
});
