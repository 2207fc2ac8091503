import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { DTYPES, type DType } from '../../lib/graph/dtype';
import { compile } from '../../lib/graph/compile';
import { evaluate } from '../../lib/graph/evaluate';
import { lower } from '../../lib/graph/lowering/lower';
import { Program } from '../../lib/graph/lowering/program';
import type { Tensor } from '../../lib/graph/tensor';
import { memory } from '../../lib/native';
import { add, cast, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { cumsum } from '../../lib/ops/scan/cumsum';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice, split } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import { grad } from '../../lib/transforms/grad';
import { memoryAtRest } from '../support/garbage';
import { tensorOf } from '../support/tensors';

const instructions = (...outputs: Tensor[]): number => new Program(lower(outputs)).instructionCount;
const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data<DType>(), Number);
const counting = (size: number): number[] => Array.from({ length: size }, (_, i) => i % 2 ** 7);
const grid = tensorOf(counting(24), [2, 3, 4], 'float32');

test.each([
  ['rows', { starts: [1] }, 12, 24],
  ['rows of one matrix', { starts: [1, 1], stops: [2, 3] }, 16, 24],
  ['numbers of one row', { starts: [0, 2, 1], stops: [1, 3, 3] }, 9, 11],
  ['one number, backwards', { starts: [-1, -1, -1], stops: [0, 0, 2], steps: [-4, -3, -2] }, 23, 24],
] as const)('%s cost nothing', async (_what, options, from, to) => {
  const part = slice(grid, options);
  expect(instructions(part)).toBe(0);
  expect(await numbers(part)).toEqual(counting(24).slice(from, to));
});

test.each([
  ['every other row', { steps: [2] }, [5, 2]],
  ['columns', { stops: [undefined, 1] }, [5, 2]],
  ['rows in reverse', { steps: [-1] }, [5, 2]],
])('%s are copied', (_what, options, shape) => {
  expect(instructions(slice(tensorOf(counting(10), shape, 'float32'), options))).toBe(1);
});

test.each(DTYPES)('parts of %s begin where their elements do', async (dtype) => {
  const values = dtype === 'bool' ? counting(12).map((x) => x % 2) : counting(12);
  const parts = split(tensorOf(values, [4, 3], dtype), 4);
  expect(await Promise.all(parts.map(numbers))).toEqual([0, 3, 6, 9].map((at) => values.slice(at, at + 3)));
});

test('a chain reads several parts of one tensor', async () => {
  const [a, b, c] = split(tensorOf(counting(12), [3, 4], 'float32'), 3) as [Tensor, Tensor, Tensor];
  const y = add(mul(a, b), c);
  expect(instructions(y)).toBe(1);
  expect(await numbers(y)).toEqual([8, 14, 22, 32]);
  expect(await numbers(add(a, reshape(a, [4, 1])))).toEqual([0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6]);
});

test('kernels read parts of what the program itself computed', async () => {
  const square4 = tensorOf(counting(16), [4, 4], 'float32');
  const product = matmul(square4, square4);
  const [top, bottom] = split(product, 2) as [Tensor, Tensor];
  const y = matmul(top, reshape(bottom, [4, 2]));
  expect(instructions(y)).toBe(2);
  const whole = await numbers(product);
  const expected = [0, 1].flatMap((i) =>
    [0, 1].map((j) =>
      [0, 1, 2, 3].reduce((total, k) => total + whole[4 * i + k]! * whole[8 + 2 * k + j]!, 0),
    ),
  );
  expect(await numbers(y)).toEqual(expected);
});

test('a part of a result is a copy of its own, and of data a view of them', async () => {
  const side = 256;
  const data = tensor(new Float32Array(side * side).fill(3), { shape: [side, side] });
  const before = (await memoryAtRest()).liveBytes;
  const view = await evaluate(slice(data, { starts: [1], stops: [2] }));
  expect(memory().liveBytes).toBeLessThanOrEqual(before);
  const result = await evaluate(slice(square(data), { starts: [1], stops: [2] }));
  expect(memory().liveBytes - before).toBeLessThan(side * side);
  expect((await numbers(result)).every((x) => x === 9)).toBe(true);
  // Reported once, and held for as long as anything needs it.
  const { handleBytes, liveBytes } = memory();
  data.dispose();
  expect(memory()).toMatchObject({ handleBytes, liveBytes });
  expect(await numbers(view)).toEqual(Array<number>(side).fill(3));
  view.dispose();
  result.dispose();
  expect(memory().liveBytes).toBeLessThanOrEqual(before - 4 * side * side);
  expect(memory().handleBytes).toBeLessThanOrEqual(handleBytes - 4 * side * side - 4 * side);
});

test('a view of a view needs nothing in between', async () => {
  const outer = await evaluate(slice(grid, { starts: [1] }));
  const inner = await evaluate(slice(outer, { starts: [0, 2], stops: [1, 3] }));
  outer.dispose();
  expect(await numbers(inner)).toEqual([20, 21, 22, 23]);
});

test('a compiled function returns views of whatever it is given', async () => {
  const second = compile((x: Tensor) => slice(x, { starts: [1], stops: [2] }));
  const [a, b] = [tensorOf([1, 2, 3, 4], [2, 2], 'float32'), tensorOf([5, 6, 7, 8], [2, 2], 'float32')];
  expect(await numbers(await second(a))).toEqual([3, 4]);
  expect(await numbers(await second(await evaluate(slice(b, {}))))).toEqual([7, 8]);
  expect(second.programCount).toBe(1);
});

test('derivatives go through', async () => {
  const x = tensorOf([1, 2, 3, 4], [2, 2], 'float64');
  const loss = (p: Tensor): Tensor => sum(square(slice(p, { starts: [1] })));
  expect(await numbers(grad(loss)(x))).toEqual([0, 0, 6, 8]);
});

test('a chain does not write over a part of 16-bit floats that it widens', async () => {
  const turned = transpose(tensorOf(counting(24), [4, 6], 'bfloat16'));
  const [half] = split(reshape(turned, [24]), 2) as [Tensor, Tensor];
  // Half as many elements of twice the bytes: as many bytes as the block that the part is of.
  const wide = mul(cast(half, 'float32'), 2);
  expect(await numbers(cumsum(wide)).then((sums) => sums.at(-1))).toBe(
    [0, 6, 12, 18, 1, 7, 13, 19, 2, 8, 14, 20].reduce((total, x) => total + 2 * x, 0),
  );
});
