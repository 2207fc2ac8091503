import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { defineOp, single } from '../../lib/graph/op';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { argmax } from '../../lib/ops/reduce/argmax';
import { add, cast, div, greater, mul, pow, square, sub } from '../../lib/ops/elementwise/arithmetic';
import { exp, sqrt, tanh, where } from '../../lib/ops/elementwise/math';
import { identity, stopGradient } from '../../lib/ops/shape/identity';
import { matmul } from '../../lib/ops/products/matmul';
import { mean } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { take } from '../../lib/ops/indexing/take';
import { transpose } from '../../lib/ops/shape/transpose';
import { grad, valueAndGrad } from '../../lib/transforms/grad';
import { expectClose } from '../support/compare';
import { code } from '../support/errors';

const double = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });

test('gives the value and the gradient', async () => {
  const { value, grad: slope } = valueAndGrad((x: Tensor) => sum(square(x)))(double([1, 2, 3]));
  expect(await value.item()).toBe(14);
  expect([...(await slope.data())]).toEqual([2, 4, 6]);
});

test('differentiates with respect to all tensors of a tree, and only the first argument', async () => {
  const params = { layers: [double([1, 2])], head: new Parameters([['w', double(3)]]) };
  const gradient = grad((p: typeof params, x: Tensor) => sum(mul(mul(p.layers[0]!, x), p.head.get('w'))))(
    params,
    double([10, 20]),
  );
  expect([...(await gradient.layers[0]!.data())]).toEqual([30, 60]);
  expect(await gradient.head.get('w').item()).toBe(50);
});

test('is zero for an unused parameter, and for one behind a constant', async () => {
  const [unused, stopped, picked] = grad(([, b, c]: readonly Tensor[]) =>
    sum(add(stopGradient(square(b!)), cast(argmax(c!), 'float64'))),
  )([double([1]), double([2]), double([3, 4])]);
  expect([...(await unused!.data())]).toEqual([0]);
  expect([...(await stopped!.data())]).toEqual([0]);
  expect([...(await picked!.data())]).toEqual([0, 0]);
});

test('adds up over all uses of a parameter', async () => {
  const w = double([
    [1, 2],
    [3, 4],
  ]);
  const tied = grad((p: Tensor) => sum(matmul(tanh(matmul(p, p)), transpose(p))))(w);
  const [a, b, c] = grad(([p, q, r]: readonly Tensor[]) => sum(matmul(tanh(matmul(p!, q!)), transpose(r!))))([
    w,
    w,
    w,
  ]);
  const apart = add(add(a!, b!), c!);
  expectClose(await tied.data(), await apart.data(), 1e-15, 'tied');
});

test('tells two arguments apart that are one tensor', async () => {
  const x = double(3);
  const [a, b] = grad(([p, q]: readonly Tensor[]) => mul(square(p!), q!))([x, x]);
  expect([await a!.item(), await b!.item()]).toEqual([18, 9]);
});

test('can be differentiated again, any number of times', async () => {
  const cube = (x: Tensor): Tensor => mul(mul(x, x), x);
  const x = double(2);
  expect(await grad(grad(cube))(x).item()).toBe(12);
  expect(await grad(grad(grad(cube)))(x).item()).toBe(6);
  expect(await grad(grad(grad(grad(cube))))(x).item()).toBe(0);
  const high = (y: Tensor): Tensor => exp(mul(y, 0.5));
  expect(await grad(grad(grad(grad(high))))(x).item()).toBeCloseTo(Math.E / 16, 14);
});

test('does not confuse an inner variable with an outer one', async () => {
  // d/dx (x d/dy (x y)) = d/dx x^2 = 2x; the inner gradient is with respect to y alone.
  const outer = grad((x: Tensor) => mul(x, grad((y: Tensor) => mul(x, y))(double(7))));
  expect(await outer(double(3)).item()).toBe(6);
  // d/dx (x d/dy (x + y)) = 1
  expect(await grad((x: Tensor) => mul(x, grad((y: Tensor) => add(x, y))(double(1))))(double(3)).item()).toBe(
    1,
  );
});

test('reaches a parameter that the function takes from its surroundings only as an argument', async () => {
  const w = double(2);
  expect(await grad((x: Tensor) => mul(w, x))(w).item()).toBe(2);
});

test('has the gradient of a where from the side that was taken', async () => {
  const x = double([-1, 4]);
  const rooted = grad((y: Tensor) =>
    sum(where(greater(y, 0), sqrt(where(greater(y, 0), y, identity(y))), y)),
  );
  expect((await rooted(x).data())[1]).toBe(0.25);
  const safe = grad((y: Tensor) => {
    const isPositive = greater(y, 0);
    return sum(where(isPositive, sqrt(where(isPositive, y, double(1))), y));
  });
  expect([...(await safe(x).data())]).toEqual([1, 0.25]);
});

test('works in float32 and for means of looked-up rows', async () => {
  const table = tensor([
    [1, 2],
    [3, 4],
  ]);
  const rows = tensor([1, 1, 0], { dtype: 'int32' });
  const gradient = grad((x: Tensor) => mean(take(x, rows)))(table);
  expect(gradient.dtype).toBe('float32');
  expectClose(await gradient.data(), [1 / 6, 1 / 6, 2 / 6, 2 / 6], 1e-7, 'mean of rows');
});

test('walks graphs that are deeper than the stack', async () => {
  const gradient = grad((x: Tensor) => {
    let y = x;
    for (let i = 0; i < 5000; i++) y = sub(y, mul(y, 1e-4));
    return sum(y);
  })(double([1]));
  expect((await gradient.data())[0]).toBeCloseTo((1 - 1e-4) ** 5000, 12);
});

test('refuses what is not a scalar, not a float, or has no derivative', () => {
  expect(() => grad((x: Tensor) => square(x))(double([1, 2]))).toThrow(code('ERR_SHAPE'));
  expect(() => grad(() => 3 as unknown as Tensor)(double([1]))).toThrow('got number');
  expect(() => grad((x: Tensor) => sum(x))(tensor([1], { dtype: 'int32' }))).toThrow(code('ERR_DTYPE'));
  const opaque = defineOp('opaque', {
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    lower: { elementwise: 'neg' },
  });
  const through = grad((x: Tensor) => sum(single(opaque([x], {}))));
  expect(() => through(double([1]))).toThrow('opaque: has no reverse rule');
  expect(() => through(double([1]))).toThrow(code('ERR_NOT_DIFFERENTIABLE'));
});

test('follows powers and quotients', async () => {
  const [a, b] = grad(([p, q]: readonly Tensor[]) => div(pow(p!, q!), q!))([double(2), double(3)]);
  expect(await a!.item()).toBeCloseTo(4, 14);
  expect(await b!.item()).toBeCloseTo((8 * Math.log(2)) / 3 - 8 / 9, 14);
});
