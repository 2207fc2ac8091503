import '../../lib/graph/evaluate';
import { DTYPES, type DType } from '../../lib/graph/dtype';
import type { Tensor } from '../../lib/graph/tensor';
import { concat } from '../../lib/ops/shape/concat';
import { cast, equal, greaterEqual, less, notEqual } from '../../lib/ops/elementwise/arithmetic';
import { where } from '../../lib/ops/elementwise/math';
import { pad } from '../../lib/ops/shape/pad';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { broadcastTo } from '../../lib/ops/reduce/sum';
import { take } from '../../lib/ops/indexing/take';
import { takeAlong } from '../../lib/ops/indexing/takeAlong';
import { transpose } from '../../lib/ops/shape/transpose';
import { tensorOf } from '../support/tensors';

// The table is about floats. Ops that move or compare elements take every dtype; here each must do what it does to float64.

const VALUES = [0, 1, 1, 0, 1, 0];
const OTHERS = [1, 1, 0, 0, 0, 1];
const indices = tensorOf([1, 0], [2], 'int32');
const condition = tensorOf([1, 0, 1], [3], 'bool');

/** Results that have the dtype of the input. */
const moves: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  transpose: (x) => transpose(x),
  reshape: (x) => reshape(x, [3, 2]),
  broadcastTo: (x) => broadcastTo(x, [4, 2, 3]),
  slice: (x) => slice(x, { steps: [-1, 2] }),
  pad: (x) =>
    pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      { value: 1 },
    ),
  concat: (x, y) => concat([x, y], { axis: 1 }),
  take: (x) => take(x, indices, { axis: 1 }),
  takeAlong: (x) => takeAlong(x, tensorOf([2, 0], [2, 1], 'int32')),
  where: (x, y) => where(condition, x, y),
};

/** Results that are bool. */
const comparisons: Record<string, (x: Tensor, y: Tensor) => Tensor> = { equal, notEqual, less, greaterEqual };

const all = { ...moves, ...comparisons };
const pairs = Object.keys(all).flatMap((name) => DTYPES.map((dtype) => [name, dtype] as const));

test.each(pairs)('%s takes %s', async (name, dtype) => {
  const run = all[name]!;
  const result = run(tensorOf(VALUES, [2, 3], dtype), tensorOf(OTHERS, [2, 3], dtype));
  const expected = run(tensorOf(VALUES, [2, 3], 'float64'), tensorOf(OTHERS, [2, 3], 'float64'));
  expect(result.dtype).toBe(name in moves ? dtype : 'bool');
  expect(Array.from(await result.data<DType>(), Number)).toEqual([...(await expected.data())]);
});

test.each(DTYPES.flatMap((from) => DTYPES.map((to) => [from, to] as const)))(
  'cast from %s to %s',
  async (from, to) => {
    const result = cast(tensorOf(VALUES, [2, 3], from), to);
    expect(result.dtype).toBe(to);
    expect(Array.from(await result.data<DType>(), Number)).toEqual(VALUES);
  },
);
