import { Parameters } from '../../lib/graph/parameters';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { evaluate } from '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { lower, type Lowered } from '../../lib/graph/lowering/lower';
import { memory } from '../../lib/native';
import { add, exp, mul, square, sub, tanh } from '../../lib/ops/elementwise';
import { softmaxCrossEntropy } from '../../lib/ops/losses';
import { linear, matmul } from '../../lib/ops/products/matmul';
import { mean, sum } from '../../lib/ops/reduce';
import { concat } from '../../lib/ops/shape/concat';
import { reshape } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';
import { gnvp, grad, hessian, hvp, jacobian, jvp, linearize, vmap } from '../../lib/transforms';
import { expectClose } from '../support/compare';

/** float64: only the order of sums differs. */
const TOLERANCE = 1e-11;
const STEP = 1e-5;
/** Central differences in float64. */
const DIFFERENCES = 1e-8;

const draw = (seed: number, shape: Shape): Tensor => normal(key(seed), shape, { dtype: 'float64' });

const params = new Parameters([
  ['w1', draw(1, [4, 5])],
  ['b1', draw(2, [4])],
  ['w2', draw(3, [3, 4])],
]);
const SIZE = params.elementCount;
const x = draw(4, [6, 5]);
const y = tensor(Int32Array.of(0, 1, 2, 0, 1, 2));

const outputs = (p: Parameters, images: Tensor): Tensor =>
  linear(tanh(linear(images, p.get('w1'), p.get('b1'))), p.get('w2'));
const loss = (p: Parameters, images: Tensor, labels: Tensor): Tensor =>
  softmaxCrossEntropy(outputs(p, images), labels, { reduction: 'mean' });

const directionOf = (seed: number, count?: number): Parameters =>
  params.map(({ shape }, name) => draw(seed + name.length, count === undefined ? shape : [count, ...shape]));
const flat = (p: Parameters): Tensor => concat([...p].map(([, part]) => reshape(part, [part.size])));

async function expectSame(
  got: Parameters,
  expected: Parameters,
  what: string,
  tolerance = TOLERANCE,
): Promise<void> {
  for (const name of params.names) {
    expectClose(await got.get(name).data(), await expected.get(name).data(), tolerance, `${what}, ${name}`);
  }
}

describe('linearize', () => {
  const slope = (p: Parameters): Parameters => grad(loss)(p, x, y);

  test('has the value of the function and the products of its Jacobian', async () => {
    using H = await linearize(slope, params);
    await expectSame(H.value, slope(params), 'value');
    for (const seed of [10, 20]) {
      const v = directionOf(seed);
      const expected = hvp(loss)(params, v, x, y);
      await expectSame(H(v), expected, 'as a graph');
      await expectSame(await H.run(v), expected, 'run');
    }
    const many = directionOf(30, 3);
    await expectSame(vmap((v: Parameters) => H(v))(many), hvp(loss)(params, many, x, y), 'mapped');
  });

  test('computes its value when it is asked for, from what is kept', async () => {
    const f = await linearize(slope, params);
    await f.run(directionOf(10));
    const value = [...f.value].map(([, part]) => part);
    expect(value.map(({ evaluated }) => evaluated)).toEqual(value.map(() => false));
    const [whole, rest] = [slope(params), f.value].map((tree) => lower([...tree].map(([, part]) => part)));
    const products = (lowered: Lowered | undefined): number =>
      lowered?.steps.filter((step) => step.ops.includes('matmul')).length ?? 0;
    expect(products(rest)).toBeLessThan(products(whole));
    f.dispose();
    await expect(evaluate(f.value)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  test('is linear, and differentiable in the direction', async () => {
    const f = await linearize((p: Parameters) => outputs(p, x), params);
    const [u, v] = [directionOf(40), directionOf(50)];
    const both = params.map((_, name) => add(mul(u.get(name), 2), v.get(name)));
    expectClose(await f(both).data(), await add(mul(f(u), 2), f(v)).data(), TOLERANCE, 'J (2 u + v)');
    const pulled = grad((d: Parameters) => sum(f(d)))(u);
    const back = grad((p: Parameters) => sum(outputs(p, x)))(params);
    await expectSame(pulled, back, 'J^T 1');
    f.dispose();
  });

  test('frees what it keeps, and nothing else', async () => {
    await evaluate([params, x]);
    const before = memory().liveBytes;
    const f = await linearize((p: Parameters) => outputs(p, x), params);
    expect(memory().liveBytes).toBeGreaterThan(before);
    f.dispose();
    expect(memory().liveBytes).toBeLessThanOrEqual(before);
    expect([...params].every(([, part]) => !part.disposed) && !x.disposed).toBe(true);
  });

  test('takes functions that do not depend on their argument, and refuses directions that do not fit', async () => {
    using f = await linearize((_p: Parameters) => x, params);
    expect(Math.max(...(await f(directionOf(60)).data()).map(Math.abs))).toBe(0);
    expect(() => f(params.select(/w1/))).toThrow('linearize: a direction of ');
  });
});

describe('products for several vectors at once', () => {
  const many = directionOf(70, 4);
  const member = (k: number): Parameters => many.map((all) => vmapped(all, k));
  const vmapped = (all: Tensor, k: number): Tensor =>
    reshape(matmul(unit(k), reshape(all, [4, all.size / 4])), all.shape.slice(1));
  const unit = (k: number): Tensor =>
    tensor(
      Float64Array.from([0, 1, 2, 3], (i) => (i === k ? 1 : 0)),
      { shape: [1, 4] },
    );

  test('are those of one after the other', async () => {
    const products = { hvp: hvp(loss)(params, many, x, y), gnvp: gaussNewton(params, many) };
    for (const k of [0, 3]) {
      const single = { hvp: hvp(loss)(params, member(k), x, y), gnvp: gaussNewton(params, member(k)) };
      await expectSame(
        products.hvp.map((all) => vmapped(all, k)),
        single.hvp,
        `hvp ${k}`,
      );
      await expectSame(
        products.gnvp.map((all) => vmapped(all, k)),
        single.gnvp,
        `gnvp ${k}`,
      );
    }
  });

  test('must be shaped like the parameters, with one leading axis or none', () => {
    expect(() => hvp(loss)(params, params.select(/w1/), x, y)).toThrow('hvp: a direction of ');
    const uneven = many.with([]).map((all, name) => (name === 'b1' ? draw(1, [5, 4]) : all));
    expect(() => gaussNewton(params, uneven)).toThrow('gnvp: a direction of ');
  });
});

const gaussNewton = gnvp(
  (p: Parameters) => outputs(p, x),
  (z: Tensor) => softmaxCrossEntropy(z, y, { reduction: 'mean' }),
);

describe('the Gauss-Newton product', () => {
  test('is J^T H J v with the matrices written out', async () => {
    const J = jacobian((p: Parameters) => outputs(p, x))(params);
    const flatJ = concat(
      [...J].map(([, part]) => reshape(part, [18, part.size / 18])),
      { axis: 1 },
    );
    const z = outputs(params, x);
    const H = hessian((out: Tensor) => softmaxCrossEntropy(out, y, { reduction: 'mean' }))(z);
    const v = directionOf(80);
    const column = reshape(flat(v), [SIZE, 1]);
    const expected = matmul(transpose(flatJ), matmul(H, matmul(flatJ, column)));
    expectClose(await flat(gaussNewton(params, v)).data(), await expected.data(), TOLERANCE, 'G v');
  });

  test('is the Hessian product where the model is linear, and not elsewhere', async () => {
    const model = (p: Parameters): Tensor => linear(x, p.get('w1'), p.get('b1'));
    const error = (z: Tensor): Tensor => mean(square(sub(z, 0.3)));
    const both = params.select(/1/);
    const v = directionOf(90).select(/1/);
    const G = gnvp(model, error)(both, v);
    const H = hvp((p: Parameters) => error(model(p)))(both, v);
    expectClose(await G.get('w1').data(), await H.get('w1').data(), TOLERANCE, 'linear');
    const w = directionOf(95);
    const [g, h] = await Promise.all([
      gaussNewton(params, w).get('w1').data(),
      hvp(loss)(params, w, x, y).get('w1').data(),
    ]);
    expect(() => expectClose(g, h, 0.01, 'not linear')).toThrow('relative error');
  });
});

describe('jacobian and hessian', () => {
  const f = (p: Parameters): Tensor => reshape(exp(mul(outputs(p, x), 0.1)), [9, 2]);

  test('agree by rows, by columns, in pieces, and with differences', async () => {
    const reverse = jacobian(f, { mode: 'reverse' })(params);
    expect(reverse.get('w1').shape).toEqual([9, 2, 4, 5]);
    await expectSame(jacobian(f, { mode: 'forward' })(params), reverse, 'forward');
    await expectSame(jacobian(f, { mode: 'forward', chunk: 7 })(params), reverse, 'forward in pieces');
    await expectSame(jacobian(f, { mode: 'reverse', chunk: 5 })(params), reverse, 'reverse in pieces');
    const v = directionOf(100);
    const moved = (step: number): Tensor => f(params.map((part, name) => add(part, mul(v.get(name), step))));
    const differences = mul(sub(moved(STEP), moved(-STEP)), 1 / (2 * STEP));
    const column = reshape(flat(v), [SIZE, 1]);
    const rows = concat(
      [...reverse].map(([, part]) => reshape(part, [18, part.size / 18])),
      { axis: 1 },
    );
    expectClose(await matmul(rows, column).data(), await differences.data(), DIFFERENCES, 'differences');
  });

  test('of a function of one tensor is one tensor', async () => {
    const a = draw(110, [3]);
    const J = jacobian((point: Tensor) => square(point))(a);
    const [p, q, r] = await a.data();
    expectClose(await J.data(), [2 * p!, 0, 0, 0, 2 * q!, 0, 0, 0, 2 * r!], TOLERANCE, 'diagonal');
    expect(jacobian((point: Tensor) => sum(point))(a).shape).toEqual([3]);
  });

  test('the Hessian is symmetric, and its products are those of hvp', async () => {
    const H = hessian(loss)(params, x, y);
    expect(H.shape).toEqual([SIZE, SIZE]);
    expectClose(await transpose(H).data(), await H.data(), TOLERANCE, 'symmetry');
    expectClose(
      await hessian(loss, { chunk: 10 })(params, x, y).data(),
      await H.data(),
      TOLERANCE,
      'in pieces',
    );
    const v = directionOf(120);
    const product = await matmul(H, reshape(flat(v), [SIZE, 1])).data();
    expectClose(product, await flat(hvp(loss)(params, v, x, y)).data(), TOLERANCE, 'H v');
    const { tangent } = jvp((p: Parameters) => grad(loss)(p, x, y), params, v);
    expectClose(product, await flat(tangent).data(), TOLERANCE, 'jvp of grad');
  });

  test('wrong calls are told', () => {
    expect(() => jacobian((p: Parameters) => p as unknown as Tensor)(params)).toThrow(
      'must return one float tensor',
    );
    expect(() => jacobian(f, { mode: 'backward' as 'reverse' })).toThrow(
      "mode is 'forward' or 'reverse', got 'backward'",
    );
    expect(() => hessian(loss, { chunk: 0 })).toThrow('hessian: chunk must be a positive integer, got 0');
    expect(() => hessian((p: Parameters) => outputs(p, x))(params)).toThrow('must return one float');
  });
});
