import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { mul, square } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { vjp } from '../../lib/transforms/vjp';
import { code } from '../support/errors';

const x = tensor([1, 2, 3], { dtype: 'float64' });
const y = tensor([4, 5, 6], { dtype: 'float64' });

test('takes cotangents for every tensor of a tree of results', async () => {
  const { value, pull } = vjp(
    ({ a, b }: { a: Tensor; b: Tensor }) => ({ product: mul(a, b), squares: [square(a)] }),
    {
      a: x,
      b: y,
    },
  );
  expect([...(await value.product.data())]).toEqual([4, 10, 18]);
  const one = tensor([1, 1, 1], { dtype: 'float64' });
  const back = pull({ product: one, squares: [mul(one, 10)] });
  expect([...(await back.a.data())]).toEqual([24, 45, 66]);
  expect([...(await back.b.data())]).toEqual([1, 2, 3]);
});

test('can be pulled back several times', async () => {
  const { pull } = vjp(square, x);
  const unit = (i: number): Tensor => tensor(Float64Array.from({ length: 3 }, (_, k) => Number(k === i)));
  const rows = await Promise.all([0, 1, 2].map((i) => pull(unit(i)).data()));
  expect(rows.map((row) => [...row])).toEqual([
    [2, 0, 0],
    [0, 4, 0],
    [0, 0, 6],
  ]);
});

test('can be pulled back after its value was computed', async () => {
  const { value, pull } = vjp((a: Tensor) => square(square(a)), x);
  expect([...(await value.data())]).toEqual([1, 16, 81]);
  expect([...(await pull(x).data())]).toEqual([4, 64, 324]);
});

test('gives zeros where a result does not depend on an argument', async () => {
  const { pull } = vjp(([a]: readonly Tensor[]) => square(a!), [x, y]);
  const [, back] = pull(y);
  expect([...(await back!.data())]).toEqual([0, 0, 0]);
});

test('returns an argument that passes through', async () => {
  const { value, pull } = vjp((a: Tensor) => a, x);
  expect([...(await value.data())]).toEqual([1, 2, 3]);
  expect([...(await pull(y).data())]).toEqual([4, 5, 6]);
});

test('can be differentiated in the cotangent and in the point', async () => {
  // <u, J(x)^T u> for y = x^2 is sum 2 x u^2: its derivative in u is 4 x u, in x it is 2 u^2.
  const form = (point: Tensor, u: Tensor): Tensor => sum(mul(vjp(square, point).pull(u), u));
  expect([...(await grad((u: Tensor) => form(x, u))(y).data())]).toEqual([16, 40, 72]);
  expect([...(await grad((point: Tensor) => form(point, y))(x).data())]).toEqual([32, 50, 72]);
});

test('refuses cotangents of other shapes, dtypes and numbers', () => {
  const { pull } = vjp(
    (a: Tensor) => [
      a,
      matmul(mul(a, tensor([[1], [1]], { dtype: 'float64' })), tensor([[1], [1], [1]], { dtype: 'float64' })),
    ],
    x,
  );
  expect(() => pull([x])).toThrow(code('ERR_SHAPE'));
  expect(() => pull([x, x])).toThrow('float64 [3], float64 [2, 1]');
  expect(() => vjp(square, x).pull(tensor([1, 2, 3]))).toThrow(code('ERR_SHAPE'));
});
