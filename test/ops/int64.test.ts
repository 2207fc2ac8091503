import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import * as ops from '../../lib/ops';
import { code } from '../support/errors';

const BIG = 2n ** 62n;
const MOST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);
const of = (...values: bigint[]): Tensor => tensor(BigInt64Array.from(values));
const elements = async (x: Tensor): Promise<(bigint | number)[]> =>
  Array.from<bigint | number>(await x.data<'int64' | 'int32'>());

const x = of(BIG + 1n, -3n, BIG + 3n, 7n);

// Numbers that float64 cannot tell from their neighbours: anything that went through it would show.
test.each<[string, () => Tensor, (bigint | number)[]]>([
  ['sum', () => ops.sum(x), [BigInt.asIntN(64, 2n * BIG + 8n)]],
  ['sum of rows', () => ops.sum(ops.reshape(x, [2, 2]), { axis: 0 }), [BigInt.asIntN(64, 2n * BIG + 4n), 4n]],
  ['prod', () => ops.prod(of(2n ** 40n + 1n, 3n, -5n)), [-15n * (2n ** 40n + 1n)]],
  ['max', () => ops.max(x), [BIG + 3n]],
  ['min', () => ops.min(x), [-3n]],
  ['argmax', () => ops.argmax(x), [2]],
  ['argmin of columns', () => ops.argmin(ops.reshape(x, [2, 2]), { axis: 0 }), [0, 0]],
  ['cumsum', () => ops.cumsum(of(BIG - 1n, 1n, 1n)), [BIG - 1n, BIG, BIG + 1n]],
  ['cumprod', () => ops.cumprod(of(3n, BIG / 4n + 1n)), [3n, 3n * (BIG / 4n + 1n)]],
  ['cummax', () => ops.cummax(of(1n, BIG + 1n, BIG)).values, [1n, BIG + 1n, BIG + 1n]],
  ['sort', () => ops.sort(x), [-3n, 7n, BIG + 1n, BIG + 3n]],
  ['sort, the largest first', () => ops.sort(x, { descending: true }), [BIG + 3n, BIG + 1n, 7n, -3n]],
  ['argsort', () => ops.argsort(x), [1, 3, 0, 2]],
  ['topk', () => ops.topk(x, 2).values, [BIG + 3n, BIG + 1n]],
  ['searchSorted', () => ops.searchSorted(of(BIG, BIG + 1n, BIG + 2n), of(BIG + 1n)), [1]],
  [
    'iota',
    () => ops.iota(3, { start: 2 ** 53 - 5, step: 2, dtype: 'int64' }),
    [2n ** 53n - 5n, 2n ** 53n - 3n, 2n ** 53n - 1n],
  ],
  ['concat', () => ops.concat([of(MOST), of(LEAST)]), [MOST, LEAST]],
  ['pad', () => ops.pad(of(MOST), [[1, 1]], { value: -4 }), [-4n, MOST, -4n]],
  ['where', () => ops.where(tensor([true, false]), of(MOST, 1n), of(2n, LEAST)), [MOST, LEAST]],
  ['take', () => ops.take(x, tensor([2, 0], { dtype: 'int32' })), [BIG + 3n, BIG + 1n]],
  ['takeAlong', () => ops.takeAlong(x, tensor([3], { dtype: 'int32' })), [7n]],
  [
    'scatterSet',
    () => ops.scatterSet(x, tensor([1], { dtype: 'int32' }), of(MOST)),
    [BIG + 1n, MOST, BIG + 3n, 7n],
  ],
  ['transpose', () => ops.transpose(ops.reshape(x, [2, 2])), [BIG + 1n, BIG + 3n, -3n, 7n]],
  ['broadcastTo', () => ops.broadcastTo(of(MOST), [2]), [MOST, MOST]],
  ['add', () => ops.add(of(MOST), 1), [LEAST]],
  ['sub', () => ops.sub(of(LEAST), of(1n)), [MOST]],
  ['mul', () => ops.mul(of(BIG - 1n), 2), [2n * BIG - 2n]],
  ['neg', () => ops.neg(of(BIG + 1n, LEAST)), [-BIG - 1n, LEAST]],
  ['abs', () => ops.abs(of(-BIG - 1n, 5n)), [BIG + 1n, 5n]],
  ['sign', () => ops.sign(of(-BIG, 0n, 3n)), [-1n, 0n, 1n]],
  ['square', () => ops.square(of(2n ** 31n + 1n)), [2n ** 62n + 2n ** 32n + 1n]],
  ['maximum', () => ops.maximum(of(BIG, LEAST), of(BIG + 1n, MOST)), [BIG + 1n, MOST]],
  [
    'floorDiv',
    () => ops.floorDiv(of(BIG + 1n, -7n, LEAST, 1n), of(2n, 2n, -1n, 0n)),
    [BIG / 2n, -4n, LEAST, 0n],
  ],
  ['remainder', () => ops.remainder(of(BIG + 1n, -7n, LEAST), of(4n, 4n, -1n)), [1n, 1n, 0n]],
  ['fmod', () => ops.fmod(of(BIG + 1n, -7n, 5n), of(4n, 4n, 0n)), [1n, -3n, 0n]],
  ['equal', () => ops.equal(of(BIG + 1n, BIG), of(BIG, BIG)), [0, 1]],
  ['less', () => ops.less(of(BIG), of(BIG + 1n)), [1]],
  ['cast to int32', () => ops.cast(of(BIG, LEAST, -5n), 'int32'), [2 ** 31 - 1, -(2 ** 31), -5]],
  ['cast to uint8', () => ops.cast(of(300n, -1n, 9n), 'uint8'), [255, 0, 9]],
  [
    'cast from float64',
    () => ops.cast(tensor([1e30, -1e30, NaN, -2.9], { dtype: 'float64' }), 'int64'),
    [MOST, LEAST, 0n, -2n],
  ],
])('%s keeps all bits', async (_name, run, expected) => {
  expect(await elements(run())).toEqual(expected);
});

test('unique tells neighbours apart', async () => {
  const { values, counts } = await ops.unique(of(BIG + 1n, BIG, BIG + 1n));
  expect(await elements(values)).toEqual([BIG, BIG + 1n]);
  expect(await elements(counts)).toEqual([1, 2]);
});

describe('indices of int64', () => {
  const table = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const logits = tensor([[0, 10, 0]]);

  test.each<[string, (indices: Tensor) => Tensor, number[]]>([
    ['take', (i) => ops.take(table, i), [5, 6]],
    ['takeAlong', (i) => ops.takeAlong(table, ops.reshape(i, [1, 1]), { axis: 0 }), [5, 6]],
    ['at', (i) => ops.at(table, i), [5, 6]],
    ['embedding', (i) => ops.embedding(table, i), [5, 6]],
    ['oneHot', (i) => ops.oneHot(i, 3), [0, 0, 1]],
    ['gatherNd', (i) => ops.gatherNd(table, ops.reshape(i, [1, 1])), [5, 6]],
    ['bincount', (i) => ops.bincount(i, { length: 3 }), [0, 0, 1]],
    ['scatterAdd', (i) => ops.scatterAdd(tensor([1, 1, 1]), i, tensor([5])), [1, 1, 6]],
    ['nllLoss', (i) => ops.nllLoss(logits, i), [0]],
  ])('%s takes them, and says when they are outside', async (_name, run, expected) => {
    expect([...(await run(of(2n)).data())].map((value) => value + 0)).toEqual(expected);
    for (const outside of [3n, -1n, 2n ** 32n, 2n ** 32n + 2n, LEAST]) {
      await expect(evaluate(run(of(outside)))).rejects.toMatchObject({ code: 'ERR_INDEX' });
    }
  });

  test('softmaxCrossEntropy takes labels of either width', async () => {
    const [narrow, wide] = [tensor([1], { dtype: 'int32' }), of(1n)];
    const losses = [narrow, wide].map((labels) => ops.softmaxCrossEntropy(logits, labels).item());
    expect(new Set(await Promise.all(losses)).size).toBe(1);
  });

  test.each(['float32', 'uint8', 'bool'] as const)('%s are none', (dtype) => {
    expect(() => ops.take(table, tensor([1], { dtype }))).toThrow(code('ERR_DTYPE'));
  });
});
