import '../../lib/graph/evaluate';
import golden from '../golden/indexing.json';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { sum } from '../../lib/ops/reduce/sum';
import { mul, square } from '../../lib/ops/elementwise/arithmetic';
import { addAt, at, setAt } from '../../lib/ops/indexing/at';
import type { IndexPart } from '../../lib/ops/indexing/selection';
import { grad } from '../../lib/transforms/grad';

type Nested = readonly (number | Nested)[];
type Part =
  number | string | null | { readonly range: readonly (number | null)[] } | { readonly tensor: Nested };

const shapeOf = (values: Nested): number[] =>
  Array.isArray(values[0]) ? [values.length, ...shapeOf(values[0] as Nested)] : [values.length];

function partOf(part: Part): IndexPart {
  if (part === null || typeof part === 'number') return part;
  if (typeof part === 'string') return '...';
  if ('tensor' in part) {
    const flat = (part.tensor as unknown as number[]).flat(9);
    return tensor(Int32Array.from(flat), { shape: shapeOf(part.tensor) });
  }
  const [start, stop, step] = part.range.map((bound) => bound ?? undefined);
  return {
    ...(start === undefined ? {} : { start }),
    ...(stop === undefined ? {} : { stop }),
    ...(step === undefined ? {} : { step }),
  };
}

const counted = (shape: readonly number[], from = 0): Tensor =>
  tensor(
    Float64Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => from + i),
    { shape },
  );

describe.each(golden.map((item) => [JSON.stringify(item.index), item] as const))('%s', (_name, item) => {
  const index = (item.index as readonly Part[]).map(partOf);
  const x = counted(item.shape);

  test('picks what NumPy picks', async () => {
    const picked = at(x, ...index);
    expect(picked.shape).toEqual(item.picked.shape);
    expect([...(await picked.data())]).toEqual(item.picked.data);
  });

  test('sets and adds where NumPy does', async () => {
    const values = counted(item.picked.shape, 100);
    expect([...(await setAt(x, index, values).data())]).toEqual(item.set);
    expect([...(await addAt(x, index, values).data())]).toEqual(item.added);
  });
});

test('values that broadcast, and numbers', async () => {
  const x = counted([2, 3]);
  expect([...(await setAt(x, [{ start: 1 }], 7).data())]).toEqual([0, 1, 2, 7, 7, 7]);
  const column = tensor(Float64Array.of(10, 20), { shape: [2, 1] });
  expect([...(await addAt(x, ['...', { stop: 2 }], column).data())]).toEqual([10, 11, 2, 23, 24, 5]);
});

test('gradients go to what was picked and to the values that stay', async () => {
  const x = counted([4, 2], 1);
  const rows = tensor(Int32Array.of(3, 0, 3));
  const picked = grad((y: Tensor) => sum(square(at(y, rows))))(x);
  expect([...(await picked.data())]).toEqual([2, 4, 0, 0, 0, 0, 28, 32]);
  const weights = counted([4, 2], 1);
  const [dx, dv] = grad(([y, v]: readonly [Tensor, Tensor]) => sum(mul(setAt(y, [rows], v), weights)))([
    x,
    counted([3, 2]),
  ]);
  expect([...(await dx.data())]).toEqual([0, 0, 3, 4, 5, 6, 0, 0]);
  // The first of the two values for row 3 is written over.
  expect([...(await dv.data())]).toEqual([0, 0, 1, 2, 7, 8]);
});

describe('refuses', () => {
  const x = counted([2, 3]);
  const wrong = tensor(Int32Array.of(0, 2, 1));
  test.each<[string, () => unknown, string, string]>([
    ['a number outside', () => at(x, 2), 'ERR_INDEX', 'index 2 is outside axis 0 of 2 entries'],
    ['a negative number outside', () => at(x, 0, -4), 'ERR_INDEX', 'index -4 is outside axis 1'],
    ['a fraction', () => at(x, 0.5), 'ERR_INDEX', '0.5'],
    ['an index of a tensor', () => at(x, wrong).data(), 'ERR_INDEX', 'index 2 at position 1'],
    [
      'one of several',
      () => at(x, wrong, tensor(Int32Array.of(0, 1, 2))).data(),
      'ERR_INDEX',
      'index 2 at position 1 of coordinate 0 is outside [0, 2)',
    ],
    [
      'a negative one in a tensor',
      () => setAt(x, ['...', tensor(Int32Array.of(-1))], 0).data(),
      'ERR_INDEX',
      'index -1',
    ],
    ['too many', () => at(x, 0, 0, 0), 'ERR_SHAPE', 'at most 2 indices'],
    ['two ellipses', () => at(x, '...', '...'), 'ERR_SHAPE', 'once'],
    ['a mask', () => at(x, tensor([true, false])), 'ERR_DTYPE', 'booleanMask'],
    ['values of another dtype', () => setAt(x, [0], tensor([1])), 'ERR_DTYPE', 'use cast'],
    ['values that do not fit', () => addAt(x, [0], counted([2])), 'ERR_SHAPE', 'broadcast'],
  ])('%s', async (_name, make, code, message) => {
    let error: unknown;
    try {
      await make();
    } catch (refusal) {
      error = refusal;
    }
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(message);
  });
});
