import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import type { DType } from '../../lib/graph/dtype';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { argmax } from '../../lib/ops/reduce/argmax';
import { concat, stack } from '../../lib/ops/shape/concat';
import { add, zeros } from '../../lib/ops/elementwise/arithmetic';
import { arange, iota } from '../../lib/ops/indexing/iota';
import { matmul } from '../../lib/ops/products/matmul';
import { oneHot } from '../../lib/ops/indexing/oneHot';
import { pad } from '../../lib/ops/shape/pad';
import { softplus } from '../../lib/ops/elementwise/activations';
import { norm } from '../../lib/ops/reduce/norm';
import { max, variance } from '../../lib/ops/reduce/reduce';
import { cumsum } from '../../lib/ops/scan/cumsum';
import { linearScan } from '../../lib/ops/scan/linearScan';
import { expandDims, reshape } from '../../lib/ops/shape/reshape';
import { slice, split } from '../../lib/ops/shape/slice';
import { broadcastTo, sum } from '../../lib/ops/reduce/sum';
import { take, takeGrad } from '../../lib/ops/indexing/take';
import { takeAlong, takeAlongGrad } from '../../lib/ops/indexing/takeAlong';
import { transpose } from '../../lib/ops/shape/transpose';
import { code } from '../support/errors';

const of = (shape: Shape, dtype: DType = 'float32'): Tensor => zeros(shape, dtype);
const [x, indices] = [of([2, 3]), of([2], 'int32')];

// What a wrong call is told: the op, what was expected and what came.
test.each([
  ['two shapes that do not broadcast', () => add(x, of([2])), 'ERR_SHAPE', 'add: shapes [2, 3] and [2]'],
  ['a sum of bools', () => add(of([2], 'bool'), of([2], 'bool')), 'ERR_DTYPE', 'add: float32, float64'],
  ['a number too large', () => add(of([2], 'uint8'), 256), 'ERR_VALUE', 'add: 256 is not an uint8'],
  ['inner extents that differ', () => matmul(x, x), 'ERR_SHAPE', 'matmul: the columns of a'],
  ['a product with a number', () => matmul(x, of([])), 'ERR_SHAPE', 'matmul: one axis or more'],
  ['a product of integers', () => matmul(of([1, 1], 'int32'), of([1, 1], 'int32')), 'ERR_DTYPE', 'matmul'],
  ['another size', () => reshape(x, [4]), 'ERR_SHAPE', 'reshape: [2, 3] has 6 elements'],
  ['two extents to infer', () => reshape(x, [-1, -1]), 'ERR_SHAPE', 'reshape'],
  ['a size that does not divide', () => reshape(x, [4, -1]), 'ERR_SHAPE', 'reshape: [2, 3] does not divide'],
  ['an extent of nothing to infer', () => reshape(of([0, 2]), [0, -1]), 'ERR_SHAPE', 'reshape'],
  ['an axis beyond the end', () => expandDims(x, 3 + 1), 'ERR_SHAPE', 'expandDims: axis 4'],
  ['no permutation', () => transpose(x, [0, 0]), 'ERR_SHAPE', 'transpose: [0, 0] is not a permutation'],
  ['a vector to transpose', () => transpose(of([3])), 'ERR_SHAPE', 'transpose: two axes expected'],
  ['a shape to broadcast to', () => broadcastTo(x, [3, 2]), 'ERR_SHAPE', 'broadcastTo'],
  [
    'a shape to shrink to',
    () => broadcastTo(x, [3]),
    'ERR_SHAPE',
    'broadcastTo: [2, 3] does not broadcast to [3]',
  ],
  ['a sum over an axis twice', () => sum(x, { axis: [0, -2] }), 'ERR_SHAPE', 'sum: axes [0, -2] repeat'],
  ['a norm of integers', () => norm(indices), 'ERR_DTYPE', 'norm: floats expected, got int32'],
  ['scans of different lengths', () => linearScan(x, of([2])), 'ERR_SHAPE', 'linearScan: one shape expected'],
  ['an axis to scan', () => cumsum(x, { axis: 2 }), 'ERR_SHAPE', 'cumsum'],
  ['a softplus with beta 0', () => softplus(x, { beta: 0 }), 'ERR_ARGUMENT', 'softplus: a positive beta'],
  ['a maximum of nothing', () => max(of([2, 0]), { axis: 1 }), 'ERR_SHAPE', 'max: an axis with elements'],
  ['a negative correction', () => variance(x, { correction: -1 }), 'ERR_ARGUMENT', 'variance'],
  ['the largest of nothing', () => argmax(of([2, 0])), 'ERR_SHAPE', 'argmax: an axis with elements'],
  [
    'indices that are floats',
    () => take(x, of([2])),
    'ERR_DTYPE',
    'take: int32 or int64 indices expected, got float32',
  ],
  ['an axis that is not there', () => take(x, indices, { axis: 2 }), 'ERR_SHAPE', 'take: axis 2'],
  [
    'rows for other indices',
    () => takeGrad(of([3, 3]), indices, 4),
    'ERR_SHAPE',
    'takeGrad: axes [2] expected at 0',
  ],
  ['a negative extent', () => takeGrad(x, indices, -1), 'ERR_ARGUMENT', 'takeGrad: an extent'],
  ['integers to add up', () => takeGrad(of([2, 3], 'int32'), indices, 4), 'ERR_DTYPE', 'takeGrad'],
  [
    'indices of other rows',
    () => takeAlong(x, of([3, 1], 'int32')),
    'ERR_SHAPE',
    'takeAlong: the leading axes must agree',
  ],
  [
    'too few indices',
    () => takeAlongGrad(x, of([2, 1], 'int32'), 4),
    'ERR_SHAPE',
    'takeAlongGrad: one index per element',
  ],
  ['labels that are floats', () => oneHot(of([2]), 3), 'ERR_DTYPE', 'oneHot: int32 or int64 labels'],
  ['a step of 0', () => slice(x, { steps: [0] }), 'ERR_ARGUMENT', 'slice: integers and a step other than 0'],
  ['half an index', () => slice(x, { starts: [0.5] }), 'ERR_ARGUMENT', 'slice'],
  ['more ranges than axes', () => slice(x, { starts: [0, 0, 0] }), 'ERR_SHAPE', 'slice: at most 2 entries'],
  ['parts that do not divide', () => split(x, 2, { axis: 1 }), 'ERR_SHAPE', 'split: an axis of 3'],
  ['parts that do not add up', () => split(x, [1, 1], { axis: 1 }), 'ERR_SHAPE', 'split: parts [1, 1]'],
  ['too few paddings', () => pad(x, [[1, 1]]), 'ERR_SHAPE', 'pad: a pair'],
  [
    'a negative padding',
    () =>
      pad(x, [
        [-1, 0],
        [0, 0],
      ]),
    'ERR_SHAPE',
    'pad: a pair',
  ],
  ['nothing to join', () => concat([]), 'ERR_SHAPE', 'concat: at least one tensor'],
  [
    'parts of other extents',
    () => concat([x, of([3, 3])], { axis: 1 }),
    'ERR_SHAPE',
    'concat: shapes may differ along axis 1 only',
  ],
  [
    'parts of other dtypes',
    () => concat([x, of([2, 3], 'float64')]),
    'ERR_DTYPE',
    'concat: one dtype expected',
  ],
  ['shapes that differ', () => stack([x, of([2, 2])]), 'ERR_SHAPE', 'stack: one shape expected'],
  [
    'too many numbers for bytes',
    () => iota(300, { dtype: 'uint8' }),
    'ERR_VALUE',
    'iota: 299 is not a uint8',
  ],
  ['half a step for integers', () => iota(3, { step: 0.5 }), 'ERR_VALUE', 'iota'],
  ['a bool sequence', () => iota(2, { dtype: 'bool' }), 'ERR_DTYPE', 'iota'],
  ['a step that leads nowhere', () => arange(0, 5, 0), 'ERR_VALUE', 'arange'],
] as const)('refuses %s', (_what, call, wanted, text) => {
  expect(call).toThrow(code(wanted));
  expect(call).toThrow(text);
});

// What only the data shows is told when the data is there.
test.each([
  [
    'take',
    () => take(x, tensor([0, -1], { dtype: 'int32' })),
    'take: index -1 at position 1 is outside [0, 2)',
  ],
  ['takeGrad', () => takeGrad(x, tensor([4, 0], { dtype: 'int32' }), 4), 'takeGrad: index 4 at position 0'],
  ['takeAlong', () => takeAlong(x, tensor([[0], [3]], { dtype: 'int32' })), 'index 3 at position 1'],
  ['oneHot', () => oneHot(tensor([1, 3], { dtype: 'int32' }), 3), 'index 3 at position 1 is outside [0, 3)'],
] as const)('%s refuses indices outside', async (_name, call, text) => {
  await expect(call().data()).rejects.toEqual(code('ERR_INDEX'));
  await expect(call().data()).rejects.toThrow(text);
});

test('does nothing where nothing is to be done', () => {
  expect(slice(x)).toBe(x);
  expect(slice(x, { starts: [-5], stops: [9] })).toBe(x);
  expect(
    pad(x, [
      [0, 0],
      [0, 0],
    ]),
  ).toBe(x);
  expect(concat([x])).toBe(x);
  expect(reshape(x, [2, -1])).toBe(x);
  expect(transpose(x, [0, 1])).toBe(x);
});

test('splits and stacks', async () => {
  const y = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const parts = split(y, [1, 2], { axis: 1 });
  expect(parts.map((part) => part.shape)).toEqual([
    [2, 1],
    [2, 2],
  ]);
  expect(await concat(parts, { axis: 1 }).data()).toEqual(await y.data());
  expect(await stack(split(y, 2), { axis: 1 }).data()).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  expect(stack(split(y, 2), { axis: 1 }).shape).toEqual([1, 2, 3]);
});
