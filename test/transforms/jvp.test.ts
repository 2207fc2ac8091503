import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { defineOp, single } from '../../lib/graph/op';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { add, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { sin, tanh } from '../../lib/ops/elementwise/math';
import { stopGradient } from '../../lib/ops/shape/identity';
import { matmul, linear } from '../../lib/ops/products/matmul';
import { jvp } from '../../lib/transforms/jvp';
import { vjp } from '../../lib/transforms/vjp';
import { expectClose } from '../support/compare';
import { code } from '../support/errors';

const x = tensor([1, 2, 3], { dtype: 'float64' });
const v = tensor([0.5, -1, 2], { dtype: 'float64' });

test('gives the value and its derivative in a direction, in trees', async () => {
  const at = new Parameters([
    ['a', x],
    ['b', v],
  ]);
  const { value, tangent } = jvp(
    (p: Parameters) => ({ y: mul(p.get('a'), p.get('b')), same: p.get('a') }),
    at,
    at,
  );
  expect([...(await value.y.data())]).toEqual([0.5, -2, 6]);
  expect([...(await tangent.y.data())]).toEqual([1, -4, 12]);
  expect([...(await tangent.same.data())]).toEqual([1, 2, 3]);
});

test('gives zeros for what does not depend on the argument', async () => {
  const { tangent } = jvp((a: Tensor) => [stopGradient(a), v, square(a)], x, v);
  expect([...(await tangent[0]!.data())]).toEqual([0, 0, 0]);
  expect([...(await tangent[1]!.data())]).toEqual([0, 0, 0]);
  expect([...(await tangent[2]!.data())]).toEqual([1, -4, 12]);
});

test('gives the tangent the shape of the value, even for a bias alone', async () => {
  const w = tensor([[1, 2, 3]], { dtype: 'float64' });
  const rows = tensor(
    [
      [1, 1, 1],
      [2, 2, 2],
    ],
    { dtype: 'float64' },
  );
  const bias = tensor([1], { dtype: 'float64' });
  const { tangent } = jvp(
    (b: Tensor) => matmul(linear(rows, w, b), tensor([[3]], { dtype: 'float64' })),
    bias,
    bias,
  );
  expect(tangent.shape).toEqual([2, 1]);
  expect([...(await tangent.data())]).toEqual([3, 3]);
});

test('can be differentiated again, in both modes', async () => {
  const slope = (a: Tensor): Tensor => jvp(sin, a, v).tangent;
  const second = jvp(slope, x, v).tangent;
  const expected = [1, 2, 3].map((value, i) => -Math.sin(value) * [0.25, 1, 4][i]!);
  expectClose(await second.data(), expected, 1e-15, 'forward over forward');
  const { pull } = vjp(slope, x);
  expectClose(await pull(v).data(), expected, 1e-15, 'reverse over forward');
});

test('is linear in the direction', async () => {
  const of = (direction: Tensor): Tensor => jvp(tanh, x, direction).tangent;
  const together = of(add(mul(v, 2), x));
  expectClose(await together.data(), await add(mul(of(v), 2), of(x)).data(), 1e-15, 'linear');
});

test('goes through the decomposition of an op without a forward rule', async () => {
  const composite = defineOp('squaredTwice', {
    infer: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
    lower: { elementwise: 'square' },
    decompose: ([a]) => square(a),
  });
  const { tangent } = jvp((a: Tensor) => single(composite([a], {})), x, v);
  expect([...(await tangent.data())]).toEqual([1, -4, 12]);
});

test('refuses directions of another shape and integers', () => {
  expect(() => jvp(square, x, tensor([1, 2], { dtype: 'float64' }))).toThrow(code('ERR_SHAPE'));
  expect(() => jvp(square, x, tensor([1, 2, 3]))).toThrow(code('ERR_SHAPE'));
  const integers = tensor([1], { dtype: 'int32' });
  expect(() => jvp(square, integers, integers)).toThrow(code('ERR_DTYPE'));
});
