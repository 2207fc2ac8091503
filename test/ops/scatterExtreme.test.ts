import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { full, zeros } from '../../lib/ops/elementwise/arithmetic';
import { scatterMax, scatterMin } from '../../lib/ops/indexing/scatterExtreme';
import { take } from '../../lib/ops/indexing/take';
import { setAt } from '../../lib/ops/indexing/at';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';

test('of equal elements that of the table gets the gradient, else the first value', async () => {
  const places = tensor(Int32Array.of(0, 1, 1, 0));
  for (const op of [scatterMax, scatterMin]) {
    const gradients = grad(([x, values]: readonly [typeof places, typeof places]) =>
      sum(op(x, places, values)),
    )([tensor([2, op === scatterMax ? 0 : 9]), tensor([2, 5, 5, 2])]);
    expect([...(await gradients[0].data())]).toEqual([1, 0]);
    expect([...(await gradients[1].data())]).toEqual([0, 1, 0, 0]);
  }
});

test('takes integers', async () => {
  const best = scatterMin(
    full([2], 100, 'int32'),
    tensor(Int32Array.of(1, 1, 0)),
    tensor(Int32Array.of(7, 3, 200)),
  );
  expect([...(await best.data())]).toEqual([100, 3]);
});

test('names the first of several wrong indices, however long the list', async () => {
  const wrong = setAt(zeros([1_000_000], 'int32'), [tensor(Int32Array.of(900_000, 300_001))], 7);
  await expect(take(zeros([5]), wrong).data()).rejects.toThrow(
    'take: index 7 at position 300001 is outside [0, 5)',
  );
});
