import { tensor } from '../../lib/graph/create';
import { lower } from '../../lib/graph/lowering/lower';
import { Program } from '../../lib/graph/lowering/program';
import { Tensor } from '../../lib/graph/tensor';
import { full, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { sum } from '../../lib/ops/reduce/sum';
import { transpose } from '../../lib/ops/shape/transpose';
import { code } from '../support/errors';

const stepsOf = (...outputs: Tensor[]): number => lower(outputs).steps.length;
const x = tensor([
  [1, 2],
  [3, 4],
]);

test('merges applications of the same op to the same inputs', () => {
  expect(stepsOf(sum(x), sum(x))).toBe(1);
  expect(stepsOf(transpose(square(x)), sum(square(x)))).toBe(3);
});

test('tells attributes apart', () => {
  expect(stepsOf(sum(x, { axis: 0 }), sum(x, { axis: 1 }))).toBe(2);
  expect(stepsOf(slice(x, { starts: [0, 1] }), slice(x, { stops: [2, 1] }))).toBe(2);
});

test('tells numbers apart that JSON does not', () => {
  const values = [NaN, Infinity, -Infinity, 0, -0, 1];
  expect(stepsOf(...values.map((value) => full([2], value)))).toBe(values.length);
  expect(stepsOf(full([2], NaN), full([2], NaN))).toBe(1);
});

test('tells the shapes and dtypes of views apart', () => {
  expect(stepsOf(sum(x, { axis: 0 }), sum(reshape(x, [4]), { axis: 0 }))).toBe(2);
  expect(stepsOf(full([2], 1), full([2], 1, 'float64'))).toBe(2);
});

test('leaves out what no output needs', () => {
  square(x);
  expect(stepsOf(sum(x))).toBe(1);
});

test('needs no step for a reshaped input', () => {
  const lowered = lower([reshape(x, [4])]);
  expect(lowered.steps).toHaveLength(0);
  expect(lowered.outputs[0]).toMatchObject({ block: { input: 0 } });
  expect(new Program(lowered).instructionCount).toBe(0);
});

test('takes placeholders as its first inputs, used or not', () => {
  const [unused, used] = [
    new Tensor({ shape: [1], dtype: 'float32' }),
    new Tensor({ shape: [2, 2], dtype: 'float32' }),
  ];
  const { inputs } = lower([mul(x, used)], [unused, used]);
  expect(inputs).toEqual([unused, used, x]);
});

test('refuses a placeholder of another function', () => {
  const stray = new Tensor({ shape: [2], dtype: 'float32' });
  expect(() => lower([square(stray)])).toThrow(code('ERR_NOT_EVALUATED'));
});
