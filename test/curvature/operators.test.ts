import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import {
  DiagonalOperator,
  ekfac,
  extremeEigenvalues,
  fisherOperator,
  gaussNewtonOperator,
  hessianOperator,
  selectParameters,
  spectralDensity,
  type CurvatureOperator,
} from '../../lib/curvature';
import { eigh, inverse as matrixInverse } from '../../lib/linalg';
import { add, concat, eye, mean, mul, reshape, slice, softmaxCrossEntropy, transpose } from '../../lib/ops';
import { matmul } from '../../lib/ops/products/matmul';
import { hessian, jacobian, perExample } from '../../lib/transforms';
import { expectClose } from '../support/compare';
import { draw, objective, parameters, SIZE, TOLERANCE, x, y } from './problem';

const whole = objective();
const loss = (p: typeof parameters): Tensor => mean(whole.losses(whole.outputs(p, x, y), x, y));
const identity = eye(SIZE, { dtype: 'float64' });

/** The matrices written out. */
const written = {
  hessian: () => hessian(loss)(parameters),
  gaussNewton: () => {
    const outputs = whole.outputs(parameters, x, y);
    const J = jacobian((p: typeof parameters) => whole.outputs(p, x, y))(parameters);
    const rows = concat(
      [...J].map(([, part]) => reshape(part, [outputs.size, part.size / outputs.size])),
      { axis: 1 },
    );
    const H = hessian((z: Tensor) => softmaxCrossEntropy(z, y, { reduction: 'mean' }))(outputs);
    return matmul(transpose(rows), matmul(H, rows));
  },
  fisher: () => {
    const each = perExample((p: typeof parameters, a: Tensor, b: Tensor) =>
      whole.losses(whole.outputs(p, a, b), a, b),
    );
    const rows = concat(
      [...each(parameters, x, y).materialize()].map(([, part]) => reshape(part, [12, part.size / 12])),
      { axis: 1 },
    );
    return mul(matmul(transpose(rows), rows), 1 / 12);
  },
};

const same = async (got: Tensor, expected: Tensor, what: string, tolerance = TOLERANCE): Promise<void> => {
  expectClose(await got.data(), await expected.data(), tolerance, what);
};

describe.each([
  ['Hessian', hessianOperator, written.hessian],
  ['Gauss-Newton', gaussNewtonOperator, written.gaussNewton],
  ['empirical Fisher', fisherOperator, written.fisher],
] as const)('the %s operator', (_name, operator, matrix) => {
  test.each([1, 5, 12])('is the matrix, in batches of %d', async (size) => {
    await same(await operator(objective(size)).dense(), matrix(), 'dense');
  });

  test('multiplies one vector or several', async () => {
    const A = operator(whole);
    const v = parameters.map(({ shape }, name) => draw(30 + name.length, [3, ...shape]));
    const all = await A.matvec(v);
    const one = parameters.map((part, name) =>
      reshape(matmul(pick(1), reshape(v.get(name), [3, part.size])), part.shape),
    );
    const single = await A.matvec(one);
    for (const name of parameters.names) {
      const row = matmul(pick(1), reshape(all.get(name), [3, parameters.get(name).size]));
      await same(reshape(row, parameters.get(name).shape), single.get(name), name);
    }
  });

  test('has trace and diagonal', async () => {
    const A = operator(whole);
    const values = [...(await matrix().data<'float64'>())];
    const exact = Array.from({ length: SIZE }, (_, i) => values[i * SIZE + i]!);
    const trace = await A.trace({ probes: 400, together: 100 });
    const error = Math.abs(trace.value - exact.reduce((a, b) => a + b));
    expect(error).toBeLessThanOrEqual(5 * trace.standardError + 1e-10);
    const diagonal = await A.diag({ probes: 2000, together: 500 });
    const flat = concat([...diagonal].map(([, part]) => reshape(part, [part.size])));
    const largest = Math.max(...values.map(Math.abs));
    (await flat.data<'float64'>()).forEach((value, i) => {
      expect(Math.abs(value - exact[i]!)).toBeLessThan(0.25 * largest);
    });
  });
});

/** The k-th of three rows, by a product. */
const pick = (k: number): Tensor => slice(eye(3, { dtype: 'float64' }), { starts: [k], stops: [k + 1] });

test('the Fisher of drawn labels is the Gauss-Newton matrix in expectation', async () => {
  const draws = 300;
  let total = mul(identity, 0);
  for (let seed = 0; seed < draws; seed++) {
    const sampled = await fisherOperator(objective(12), { labels: 'sampled', seed }).dense();
    total = await evaluate(add(total, mul(sampled, 1 / draws)));
  }
  const expected = await written.gaussNewton().data();
  expectClose(await total.data(), expected, 0.12, 'mean over draws');
  const empirical = await written.fisher().data();
  expect(() => expectClose(empirical, expected, 0.12, 'the empirical one')).toThrow('relative error');
});

describe('arithmetic of operators', () => {
  const H = hessianOperator(whole);
  const F = fisherOperator(whole);

  test('sums, multiples and shifts are those of the matrices', async () => {
    const A = H.scaled(2).plus(F.damped(0.5));
    const expected = add(mul(written.hessian(), 2), add(written.fisher(), mul(identity, 0.5)));
    await same(await A.dense(), expected, '2 H + F + I/2');
    expect(A.shape).toEqual([SIZE, SIZE]);
  });

  test('blocks by name are blocks of the matrix', async () => {
    const block = await gaussNewtonOperator(selectParameters(whole, /^w2$/)).dense();
    const all = [...(await written.gaussNewton().data<'float64'>())];
    const start = SIZE - 15;
    const expected = Array.from(
      { length: 225 },
      (_, i) => all[(start + Math.floor(i / 15)) * SIZE + start + (i % 15)]!,
    );
    expectClose(await block.data(), expected, TOLERANCE, 'w2');
    expect(() => selectParameters(whole, /w3/)).toThrow('no parameter has such a name');
  });

  test('a diagonal has its inverse in closed form', async () => {
    const D = new DiagonalOperator(parameters.map((part) => add(mul(part, part), 1)));
    const product = matmul(await D.dense(), await D.inverse().dense());
    await same(product, identity, 'D D^-1');
    const trace = await D.damped(2).trace();
    const entries = [...(await D.dense().then((matrix) => matrix.data<'float64'>()))];
    const sum = Array.from({ length: SIZE }, (_, i) => entries[i * SIZE + i]! + 2).reduce((a, b) => a + b);
    expect(trace.value).toBeCloseTo(sum, 9);
  });

  test('exact traces and diagonals stay exact in sums, multiples and shifts', async () => {
    const [D, options] = [new DiagonalOperator(parameters.map((part) => mul(part, part))), { probes: 1 }];
    const A = F.scaled(-3).plus(D).damped(0.25);
    const entries = await A.dense().then((matrix) => matrix.data<'float64'>());
    const exact = Array.from({ length: SIZE }, (_, i) => entries[i * SIZE + i]!);
    const { value, standardError } = await A.trace(options);
    expect(standardError).toBe(0);
    expectClose([value], [exact.reduce((a, b) => a + b)], TOLERANCE, 'trace');
    const diagonal = concat([...(await A.diag(options))].map(([, part]) => reshape(part, [part.size])));
    expectClose(await diagonal.data(), exact, TOLERANCE, 'diagonal');
    // Of an estimate the error is the multiple.
    const [estimate, double] = [await H.trace({ probes: 4 }), await H.scaled(-2).trace({ probes: 4 })];
    expect(double.value).toBeCloseTo(-2 * estimate.value, 9);
    expect(double.standardError).toBeCloseTo(2 * estimate.standardError, 9);
    await expect(F.trace({ probs: 3 } as object)).rejects.toThrow("did you mean 'probes'?");
  });

  test('a diagonal with zeros has an inverse with damping alone', async () => {
    const D = new DiagonalOperator(parameters.map((part, name) => mul(part, name === 'b1' ? 0 : 1)));
    await expect(D.inverse().matvec(parameters)).rejects.toMatchObject({
      code: 'ERR_SINGULAR',
      message: "inverse: 5 of 5 entries of 'b1' are 0; add damping",
    });
    const { parameters: inverse } = D.inverse({ damping: 0.5 });
    expect(await inverse.get('b1').data()).toEqual(new Float64Array(5).fill(2));
    expect(() => D.inverse({ damping: -1 })).toThrow('damping must be a positive number');
    expect(() => D.inverse({ dampening: 1 } as object)).toThrow("did you mean 'damping'?");
  });

  test('what is no operator, no objective and no vector is refused by name', async () => {
    const nothing = null as unknown as CurvatureOperator;
    expect(() => H.plus(nothing)).toThrow('plus: a CurvatureOperator expected, got null');
    expect(() => H.plus({} as unknown as CurvatureOperator)).toThrow(
      'plus: a CurvatureOperator expected, got an object',
    );
    await expect(H.matvec({} as unknown as typeof parameters)).rejects.toThrow(
      'matvec: Parameters expected, got an object',
    );
    expect(() => hessianOperator({ ...whole, losses: 3 } as unknown as typeof whole)).toThrow(
      "an objective's losses: a function expected, got 3",
    );
    await expect(ekfac({} as typeof whole)).rejects.toThrow("an objective's parameters: Parameters expected");
    await expect(spectralDensity(nothing)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('vectors that do not fit are refused', async () => {
    await expect(H.matvec(parameters.select(/w1/))).rejects.toThrow(
      'matvec: a vector of w1 [5, 4], b1 [5], w2 [3, 5]',
    );
    expect(() => H.damped(NaN)).toThrow('damped: a finite number expected, got NaN');
    expect(() => H.scaled(Infinity)).toThrow('scaled: a finite number expected');
  });
});

describe('inverse products', () => {
  const LAMBDA = 0.3;
  const G: CurvatureOperator = gaussNewtonOperator(whole).damped(LAMBDA);
  const exact = (): Tensor => matrixInverse(add(written.gaussNewton(), mul(identity, LAMBDA)));

  test('by conjugate gradients, with and without a preconditioner', async () => {
    await same(await G.inverse({ tolerance: 1e-12 }).dense(), exact(), 'plain', 1e-8);
    // Inputs of very different sizes: a factor of K-FAC sees them.
    const uneven: typeof whole = {
      ...whole,
      outputs: (p, images, labels) =>
        whole.outputs(p, mul(images, tensor([30, 1, 0.1, 10], { dtype: 'float64' })), labels),
    };
    const bad = gaussNewtonOperator(uneven).damped(1e-3);
    // The best there is: the inverse itself, so that a step or two are enough.
    const preconditioner = bad.inverse({ tolerance: 1e-12, maxIterations: 1000 });
    const counts: number[] = [];
    const found: (typeof parameters)[] = [];
    for (const options of [{}, { preconditioner }]) {
      const v = parameters.map(({ shape }, name) => draw(60 + name.length, shape));
      let steps = 0;
      const solution = await bad.inverse({ tolerance: 1e-10, maxIterations: 1000, ...options }).matvec(v, {
        onProgress: ({ phase, done }) => {
          if (phase === 'conjugate gradients') steps = done;
        },
      });
      found.push(solution);
      counts.push(steps);
    }
    for (const name of parameters.names) await same(found[1]!.get(name), found[0]!.get(name), name, 1e-6);
    expect(counts[0]!).toBeGreaterThan(10);
    expect(counts[1]!).toBeLessThanOrEqual(2);
    const near = (await ekfac(whole, { labels: 'sampled' })).inverse({ damping: LAMBDA });
    await same(
      await G.inverse({ tolerance: 1e-12, preconditioner: near }).dense(),
      exact(),
      'by EK-FAC',
      1e-8,
    );
  });

  test('by a Neumann series, and by LiSSA over batches', async () => {
    await same(await G.inverse({ method: 'neumann', terms: 150 }).dense(), exact(), 'Neumann', 1e-8);
    const few = await G.inverse({ method: 'neumann', terms: 3 }).dense();
    await expect(same(few, exact(), 'three terms', 0.05)).rejects.toThrow('relative error');
    // One batch: LiSSA is the same series then, at its own scale.
    const single = gaussNewtonOperator(objective(12)).damped(LAMBDA);
    const lissa = await single.inverse({ method: 'lissa', depth: 400, scale: 4 }).dense();
    await same(lissa, exact(), 'LiSSA on one batch', 1e-6);
    const many = await G.inverse({ method: 'lissa', depth: 600, scale: 20 }).dense();
    await same(many, exact(), 'LiSSA on three batches', 0.15);
  });

  test('the inverse of an inverse is the operator itself', () => {
    expect(G.inverse().inverse()).toBe(G);
  });

  test('what cannot be inverted is said', async () => {
    const v = parameters.map(({ shape }, name) => draw(70 + name.length, shape));
    await expect(hessianOperator(whole).damped(-5).inverse().matvec(v)).rejects.toMatchObject({
      code: 'ERR_NOT_POSITIVE_DEFINITE',
    });
    await expect(G.inverse({ maxIterations: 1, tolerance: 1e-12 }).matvec(v)).rejects.toMatchObject({
      code: 'ERR_NO_CONVERGENCE',
    });
    const diverging = G.inverse({ method: 'neumann', terms: 400, scale: 0.01 });
    await expect(diverging.matvec(v)).rejects.toMatchObject({ code: 'ERR_NO_CONVERGENCE' });
    expect(() => G.inverse({ method: 'lu' as 'cg' })).toThrow(
      "method must be 'cg', 'lissa' or 'neumann', got 'lu'",
    );
    expect(() => G.inverse({ method: 'closed' })).toThrow('only factored blocks have a closed form');
    expect(() => G.inverse({ terms: 5 } as object)).toThrow("inverse: unknown option 'terms'");
    // Shifted sums are no means over batches either.
    const shifted = G.plus(G).damped(1).inverse({ method: 'lissa', scale: 9 });
    await expect(shifted.matvec(v)).rejects.toThrow("'lissa' needs an operator that is a mean");
    const none: typeof whole = { ...whole, batches: () => [] };
    const empty = gaussNewtonOperator(none).inverse({ method: 'lissa', scale: 9 });
    await expect(empty.matvec(v)).rejects.toThrow("'lissa' needs batches, and there are none");
    const sum = G.plus(G);
    await expect(sum.inverse({ method: 'lissa' }).matvec(v)).rejects.toThrow(
      "'lissa' needs an operator that is a mean",
    );
  });

  test('a run is cancelled', async () => {
    const v = parameters.map(({ shape }, name) => draw(80 + name.length, shape));
    const stop = new AbortController();
    const running = G.inverse({ method: 'lissa', depth: 100_000, scale: 40 }).matvec(v, {
      signal: stop.signal,
      onProgress: () => {
        stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

describe('the spectrum', () => {
  const H = hessianOperator(whole);

  test('ends where the eigenvalues do', async () => {
    const { values } = eigh(written.hessian());
    const all = [...(await values.data<'float64'>())];
    const ends = await extremeEigenvalues(H, { steps: SIZE });
    expect(ends.largest).toBeCloseTo(all.at(-1)!, 8);
    expect(ends.smallest).toBeCloseTo(all[0]!, 8);
  });

  test('has a density of mass one, with the mean of the eigenvalues', async () => {
    const density = await spectralDensity(H, { steps: 20, probes: 60 });
    expect(density.weights.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    const trace = (await written.hessian().data<'float64'>()).reduce(
      (total, value, i) => total + (i % (SIZE + 1) === 0 ? value : 0),
      0,
    );
    const average = density.values.reduce((total, value, i) => total + value * density.weights[i]!, 0);
    // Four standard deviations of the mean of 60 values z^T H z / |z|^2.
    const squares = (await written.hessian().data<'float64'>()).reduce(
      (total, value) => total + value * value,
      0,
    );
    expect(Math.abs(average - trace / SIZE)).toBeLessThan((4 * Math.sqrt((2 * squares) / 60)) / SIZE);
    const places = Array.from({ length: 400 }, (_, i) => -2 + 0.02 * i);
    const mass = density.at(places, 0.05).reduce((a, b) => a + 0.02 * b, 0);
    expect(mass).toBeCloseTo(1, 2);
    await expect(spectralDensity(H, { probes: 0 })).rejects.toThrow(
      'probes must be a positive integer, got 0',
    );
  });
});
