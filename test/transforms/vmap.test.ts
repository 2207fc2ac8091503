import { Parameters } from '../../lib/graph/parameters';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { add, mul, square, tanh } from '../../lib/ops/elementwise';
import { softmaxCrossEntropy } from '../../lib/ops/losses';
import { linear, matmul } from '../../lib/ops/products/matmul';
import { mean, sum } from '../../lib/ops/reduce';
import { stack } from '../../lib/ops/shape/concat';
import { expandDims } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, splitKey } from '../../lib/random';
import { checkpoint, grad, perExample, vmap } from '../../lib/transforms';
import { expectClose } from '../support/compare';

/** float64: only the order of sums differs. */
const TOLERANCE = 1e-12;

const draw = (seed: number, shape: Shape): Tensor => normal(key(seed), shape, { dtype: 'float64' });

const params = new Parameters([
  ['w1', draw(1, [4, 5])],
  ['b1', draw(2, [4])],
  ['w2', draw(3, [3, 4])],
]);
const x = draw(4, [6, 5]);
const y = tensor(Int32Array.of(0, 1, 2, 0, 1, 2));

const losses = (p: Parameters, images: Tensor, labels: Tensor): Tensor =>
  softmaxCrossEntropy(linear(tanh(linear(images, p.get('w1'), p.get('b1'))), p.get('w2')), labels);

const one = (p: Parameters, image: Tensor, label: Tensor): Tensor =>
  sum(losses(p, expandDims(image, 0), expandDims(label, 0)));

test('the gradient of every example is what perExample stores', async () => {
  const mapped = vmap(grad(one), { inAxes: [null, 0, 0] })(params, x, y);
  const stored = perExample(losses)(params, x, y).materialize();
  for (const name of params.names) {
    expectClose(await mapped.get(name).data(), await stored.get(name).data(), TOLERANCE, name);
  }
});

test('what does not depend on the members is repeated, and maps nest', async () => {
  const constant = vmap((_row: Tensor) => params.get('b1'))(x);
  expect(constant.shape).toEqual([6, 4]);
  const outer = vmap((a: Tensor) => vmap((b: Tensor) => sum(mul(a, b)))(x))(x);
  expectClose(await outer.data(), await matmul(x, transpose(x)).data(), TOLERANCE, 'all pairs');
});

test('axes of arguments and of results may be any', async () => {
  const columns = vmap((column: Tensor) => tanh(column), { inAxes: 1, outAxes: 1 })(x);
  expectClose(await columns.data(), await tanh(x).data(), TOLERANCE, 'columns');
  const [left, right] = vmap((a: Tensor) => [a, square(a)] as const, { outAxes: [0, -1] })(x);
  expect([left.shape, right.shape]).toEqual([
    [6, 5],
    [5, 6],
  ]);
  expectClose(await right.data(), await transpose(square(x)).data(), TOLERANCE, 'the last axis');
});

test('is differentiated, compiled, and maps checkpoints', async () => {
  const total = (p: Parameters): Tensor => {
    const each = vmap((image: Tensor, label: Tensor) => checkpoint(() => one(p, image, label))())(x, y);
    return mean(each);
  };
  const direct = grad((p: Parameters) => mean(losses(p, x, y)))(params);
  const mapped = await compile((p: Parameters) => grad(total)(p))(params);
  for (const name of params.names) {
    expectClose(await mapped.get(name).data(), await direct.get(name).data(), TOLERANCE, name);
  }
});

test('gives every member numbers of its own where it has a key of its own', async () => {
  const keys = splitKey(key(5), 3);
  const draws = await vmap((own: Tensor) => normal(own, [4]))(stack(keys)).data();
  for (const [i, own] of keys.entries()) {
    expect([...draws.slice(4 * i, 4 * i + 4)]).toEqual([...(await normal(own, [4]).data())]);
  }
});

test('members must agree, and there must be some', () => {
  const f = (a: Tensor, b: Tensor): Tensor => add(a, b);
  expect(() => vmap(f)(x, draw(1, [5, 5]))).toThrow(
    'vmap: 6 members expected on axis 0 of argument 1, got [5, 5]',
  );
  expect(() => vmap(f, { inAxes: null })(x, x)).toThrow('at least one tensor with an axis of the batch');
  expect(() => vmap(f, { inAxes: [0] })(x, x)).toThrow('one per argument, 2 expected');
  expect(() => vmap(f, { inAxis: 0 } as object)(x, x)).toThrow("vmap: unknown option 'inAxis'");
});
