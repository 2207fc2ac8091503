import '../../lib/graph/evaluate';
import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { memory } from '../../lib/native';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { reshape } from '../../lib/ops/shape/reshape';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { code } from '../support/errors';
import { memoryAtRest } from '../support/garbage';

test('traces once per combination of shapes, dtypes and plain values', async () => {
  let traces = 0;
  const scaled = compile((x: Tensor, factor: number) => {
    traces += 1;
    return mul(x, factor);
  });
  expect(await (await scaled(tensor([1, 2]), 3)).data()).toEqual(Float32Array.of(3, 6));
  expect(await (await scaled(tensor([5, 6]), 3)).data()).toEqual(Float32Array.of(15, 18));
  expect([traces, scaled.programCount]).toEqual([1, 1]);
  expect(await (await scaled(tensor([1, 2]), 4)).data()).toEqual(Float32Array.of(4, 8));
  await scaled(tensor([1, 2, 3]), 3);
  await scaled(tensor([1, 2], { dtype: 'float64' }), 3);
  await scaled(tensor([1, 2]), 0);
  await scaled(tensor([1, 2]), -0);
  expect([traces, scaled.programCount]).toEqual([6, 6]);
});

test('takes and returns trees', async () => {
  const step = compile(({ p, rate }: { p: Parameters; rate: number }, xs: readonly Tensor[]) => ({
    next: p.map((w) => mul(w, rate)),
    total: xs.reduce((sumSoFar, x) => add(sumSoFar, x)),
    name: 'step',
  }));
  const p = new Parameters([
    ['a', tensor([1])],
    ['b', tensor([2])],
  ]);
  const { next, total, name } = await step({ p, rate: 10 }, [tensor(1), tensor(2)]);
  expect(next).toBeInstanceOf(Parameters);
  expect([...(await next.get('b').data())]).toEqual([20]);
  expect([await total.item(), name]).toEqual([3, 'step']);
});

test('evaluates lazy arguments', async () => {
  const double = compile((x: Tensor) => mul(x, 2));
  const lazy = add(tensor([1]), 1);
  expect([...(await (await double(lazy)).data())]).toEqual([4]);
});

test('returns arguments, views of them, and one result twice', async () => {
  const same = compile((x: Tensor) => {
    const y = add(x, 1);
    return [x, reshape(x, [2, 1]), y, y, reshape(y, [1, 2])];
  });
  const x = tensor([1, 2]);
  const results = await same(x);
  expect(results.map((result) => result.shape)).toEqual([[2], [2, 1], [2], [2], [1, 2]]);
  x.dispose();
  expect(await results[1]!.data()).toEqual(Float32Array.of(1, 2));
  results[2]!.dispose();
  expect(await results[4]!.data()).toEqual(Float32Array.of(2, 3));
});

test('reads captured tensors, and says so when one was disposed', async () => {
  const bias = tensor([10, 20]);
  const shifted = compile((x: Tensor) => add(x, bias));
  expect(await (await shifted(tensor([1, 2]))).data()).toEqual(Float32Array.of(11, 22));
  bias.dispose();
  await expect(shifted(tensor([1, 2]))).rejects.toEqual(code('ERR_DISPOSED'));
});

test('compiles derivatives', async () => {
  const slope = compile(grad((x: Tensor) => sum(mul(mul(x, x), x))));
  expect(await (await slope(tensor([1, 2]))).data()).toEqual(Float32Array.of(3, 12));
});

test('runs several calls in flight', async () => {
  const square = compile((x: Tensor) => mul(x, x));
  const results = await Promise.all([1, 2, 3, 4].map(async (i) => (await square(tensor(i))).item()));
  expect(results).toEqual([1, 4, 9, 16]);
});

test('leaves nothing behind but its results', async () => {
  const step = compile((x: Tensor) => ({ y: add(mul(x, 0.5), 1), loss: sum(x) }));
  let x = tensor(new Float32Array(100));
  const before = (await memoryAtRest()).handles;
  for (let i = 0; i < 50; i++) {
    const { y, loss } = await step(x);
    loss.dispose();
    x.dispose();
    x = y;
  }
  expect(memory().handles).toBe(before);
});

test('refuses asynchronous functions and values it cannot tell apart', async () => {
  await expect(compile(() => Promise.resolve(1))()).rejects.toEqual(code('ERR_ARGUMENT'));
  await expect(compile((fn: () => number) => fn())(() => 1)).rejects.toEqual(code('ERR_ARGUMENT'));
});

test('does not keep a function that threw', async () => {
  let fails = true;
  const sometimes = compile((x: Tensor) => {
    if (fails) throw new RangeError('not yet');
    return mul(x, 2);
  });
  await expect(sometimes(tensor(1))).rejects.toThrow('not yet');
  fails = false;
  expect(await (await sometimes(tensor(1))).item()).toBe(2);
});
