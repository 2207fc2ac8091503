import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { fuse } from '../../lib/graph/lowering/fuse';
import { lower } from '../../lib/graph/lowering/lower';
import { planPlaces } from '../../lib/graph/lowering/places';
import type { Tensor } from '../../lib/graph/tensor';
import { memory, resetPeakMemory } from '../../lib/native';
import { add, square } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { transpose } from '../../lib/ops/shape/transpose';
import { memoryAtRest } from '../support/garbage';

const slots = (...outputs: Tensor[]): readonly number[] => planPlaces(fuse(lower(outputs))).slotBytes;
const x = tensor(
  Float32Array.from({ length: 16 }, (_, i) => i / 16),
  { shape: [4, 4] },
);

test('needs no slot for inputs and outputs', () => {
  expect(slots(matmul(x, x))).toEqual([]);
});

test('uses two slots in turn along a line of products', () => {
  let y = x;
  for (let i = 0; i < 20; i++) y = matmul(y, x);
  expect(slots(y)).toEqual([64, 64]);
});

test('writes an elementwise chain over an input that dies there', () => {
  expect(slots(matmul(square(matmul(x, x)), x))).toEqual([64]);
});

test('does not write over what is still needed', async () => {
  const y = matmul(x, x);
  const z = matmul(add(square(y), 1), y);
  expect(slots(z)).toHaveLength(2);
  const [fresh, again] = [await z.data(), await matmul(add(square(matmul(x, x)), 1), matmul(x, x)).data()];
  expect(fresh).toEqual(again);
});

test('does not write a smaller input over', () => {
  // The row is read once per row of the result: writing the result over it would change it underway.
  const row = sum(matmul(x, x), { axis: 0 });
  expect(slots(matmul(add(row, transpose(x)), x)).length).toBeGreaterThanOrEqual(2);
});

test('never changes an input', async () => {
  const before = await x.data();
  await evaluate([add(x, 1), square(add(x, 1)), matmul(add(x, 1), x)]);
  expect(await x.data()).toEqual(before);
});

test('runs long lines of large tensors in the memory of a few', async () => {
  const size = 1 << 16;
  const wide = tensor(new Float32Array(size), { shape: [256, 256] });
  let y: Tensor = wide;
  for (let i = 0; i < 30; i++) y = transpose(add(y, 1));
  const before = (await memoryAtRest()).liveBytes;
  resetPeakMemory();
  await y.data();
  expect(memory().peakBytes - before).toBeLessThanOrEqual(4 * 4 * size);
});
