import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { memory } from '../../lib/native';
import { add } from '../../lib/ops/elementwise/arithmetic';
import { reshape } from '../../lib/ops/shape/reshape';
import { code } from '../support/errors';
import { memoryAtRest } from '../support/garbage';

test('is lazy until its data is asked for, and has no graph afterwards', async () => {
  const x = add(tensor([1, 2]), 1);
  expect([x.evaluated, x.node?.op.name]).toEqual([false, 'add']);
  expect(String(x)).toBe('Tensor(float32 [2], lazy)');
  expect(await x.data()).toEqual(Float32Array.of(2, 3));
  expect([x.evaluated, x.node]).toEqual([true, undefined]);
  expect(String(x)).toBe('Tensor(float32 [2])');
});

test('gives a new copy of its data every time', async () => {
  const x = tensor([1, 2]);
  (await x.data())[0] = 7;
  expect(await x.data()).toEqual(Float32Array.of(1, 2));
});

test('gives the value of one element only', async () => {
  expect(await tensor([[5]]).item()).toBe(5);
  await expect(tensor([1, 2]).item()).rejects.toEqual(code('ERR_SHAPE'));
});

test('frees its memory when disposed, once', async () => {
  const before = (await memoryAtRest()).handleBytes;
  const x = tensor(new Float32Array(1000));
  expect(memory().handleBytes - before).toBe(4000);
  x.dispose();
  x.dispose();
  expect(memory().handleBytes).toBeLessThanOrEqual(before);
  expect(String(x)).toBe('Tensor(float32 [1000], disposed)');
});

test('cannot be used after it was disposed', async () => {
  const x = tensor([1]);
  const y = add(x, 1);
  x.dispose();
  await expect(x.data()).rejects.toEqual(code('ERR_DISPOSED'));
  expect(() => add(x, 1)).toThrow(code('ERR_DISPOSED'));
  await expect(y.data()).rejects.toEqual(code('ERR_DISPOSED'));
});

test('is disposed at the end of a using scope', async () => {
  const before = (await memoryAtRest()).handles;
  {
    using x = tensor([1]);
    expect(x.evaluated).toBe(true);
  }
  expect(memory().handles).toBe(before);
});

test('keeps the memory that a view of it shares', async () => {
  const before = (await memoryAtRest()).handles;
  const x = tensor([1, 2, 3, 4]);
  const view = reshape(x, [2, 2]);
  expect(await view.data()).toEqual(Float32Array.of(1, 2, 3, 4));
  x.dispose();
  expect(await view.data()).toEqual(Float32Array.of(1, 2, 3, 4));
  view.dispose();
  expect(memory().handles).toBe(before);
});
