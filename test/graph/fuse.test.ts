import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { lower } from '../../lib/graph/lowering/lower';
import { Program } from '../../lib/graph/lowering/program';
import type { Tensor } from '../../lib/graph/tensor';
import { add, div, full, mul, square, sub } from '../../lib/ops/elementwise/arithmetic';
import { exp, tanh } from '../../lib/ops/elementwise/math';
import { matmul } from '../../lib/ops/products/matmul';
import { reshape } from '../../lib/ops/shape/reshape';
import { broadcastTo, sum } from '../../lib/ops/reduce/sum';
import { transpose } from '../../lib/ops/shape/transpose';

const instructions = (...outputs: Tensor[]): number => new Program(lower(outputs)).instructionCount;
const x = tensor([
  [1, 2],
  [3, 4],
]);
const row = tensor([5, 6]);

test('makes one instruction of a chain', () => {
  expect(instructions(tanh(add(mul(x, 2), 1)))).toBe(1);
});

test('makes one instruction of branches that meet', () => {
  const y = exp(x);
  expect(instructions(div(sub(y, 1), add(y, 1)))).toBe(1);
});

test('takes what is broadcast into the chain', () => {
  expect(instructions(square(add(x, row)))).toBe(1);
  expect(instructions(add(x, broadcastTo(row, [2, 2])))).toBe(1);
});

test('computes a smaller operand on its own, once', () => {
  expect(instructions(add(x, square(row)))).toBe(2);
});

test('stores a link that others need', () => {
  const y = exp(x);
  expect(instructions(square(y), sum(y))).toBe(3);
  expect(instructions(y, square(y))).toBe(2);
});

test('ends at ops that are not elementwise', () => {
  expect(instructions(square(matmul(square(x), x)))).toBe(3);
  expect(instructions(add(transpose(square(x)), x))).toBe(3);
});

test('goes through no reshape, where elements no longer line up', async () => {
  const y = mul(square(x), reshape(reshape(square(x), [4]), [2, 2]));
  expect(await y.data()).toEqual(Float32Array.of(1, 16, 81, 256));
  const z = add(square(row), reshape(square(row), [2, 1]));
  expect(await z.data()).toEqual(Float32Array.of(50, 61, 61, 72));
});

test('repeats constants instead of storing them', () => {
  const two = full([2, 2], 2);
  expect(instructions(mul(x, two))).toBe(1);
  expect(instructions(matmul(x, two))).toBe(2);
  expect(instructions(two, mul(x, two))).toBe(2);
});

test('cuts chains that are too long, with the same values', async () => {
  let y: Tensor = x;
  for (let i = 0; i < 100; i++) y = add(mul(y, 0.5), i % 7);
  expect(instructions(y)).toBeGreaterThan(1);
  expect(instructions(y)).toBeLessThanOrEqual(6);
  let expected = [1, 2, 3, 4];
  for (let i = 0; i < 100; i++)
    expected = expected.map((value) => Math.fround(Math.fround(value * 0.5) + (i % 7)));
  expect([...(await y.data())]).toEqual(expected);
});

test('keeps the shape when every operand was broadcast', async () => {
  const y = add(broadcastTo(row, [2, 2]), broadcastTo(tensor([1, 1]), [2, 2]));
  expect(y.shape).toEqual([2, 2]);
  await evaluate(y);
  expect(await y.data()).toEqual(Float32Array.of(6, 7, 6, 7));
});
