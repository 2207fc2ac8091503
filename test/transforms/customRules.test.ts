import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { mul, neg } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { broadcastTo, sum } from '../../lib/ops/reduce/sum';
import { transpose } from '../../lib/ops/shape/transpose';
import { customJvp, customVjp } from '../../lib/transforms/customRules';
import { grad } from '../../lib/transforms/grad';

const theta = tensor([1, 2, 3], { dtype: 'float64' });
const matrix = tensor([[1, 2], [3, 4]], { dtype: 'float64' }); // prettier-ignore

test.each<readonly [string, Tensor, (x: Tensor) => Tensor, (x: Tensor) => Tensor]>([
  ['a transposition', matrix, (x) => transpose(x), (x) => matmul(x, x)],
  ['a broadcast', theta, (x) => broadcastTo(x, [2, 3]), (x) => mul(x, x)],
])(
  'an argument may be %s of what is differentiated, which ops look behind',
  async (_name, start, made, fn) => {
    const plain = await grad((x: Tensor) => sum(fn(made(x))))(start).data();
    const reversed = customVjp(fn, ({ args: [x], cotangents }) => [
      neg(grad((y: Tensor) => sum(mul(fn(y), cotangents)))(x)),
    ]);
    const turned = await grad((x: Tensor) => sum(reversed(made(x))))(start).data();
    expect([...turned]).toEqual([...plain].map((slope) => -slope));
    const forward = customJvp(fn, ({ tangents: [dx] }) => dx);
    const ones = await grad((x: Tensor) => sum(forward(made(x))))(start).data();
    expect([...ones]).toEqual([...(await grad((x: Tensor) => sum(made(x)))(start).data())]);
  },
);
