import { Parameters } from '../../lib/graph/parameters';
import { tensor } from '../../lib/graph/create';
import { columnsPart, densePart, lowRankPart, maskedPart, rowsPart, type Part } from '../../lib/edits/part';
import { WeightDelta } from '../../lib/edits/weightDelta';
import { key, normal } from '../../lib/random';
import type { Tensor } from '../../lib/graph/tensor';

const SHAPE = [6, 4];
const weights = (): Parameters =>
  new Parameters([
    [
      'w',
      tensor(
        [-0, 1e-8, 3, -4, NaN, 6, 7, 8, 1e8, 10, 11, 12, 0.1, 0.2, 0.3, 0.4, 17, 18, 19, 20, 21, 22, 23, 24],
        { shape: SHAPE },
      ),
    ],
    ['b', tensor([1, 2, 3, 4])],
  ]);

const PARTS: Readonly<Record<string, () => Part>> = {
  dense: () => densePart(normal(key(1), SHAPE)),
  'single entries': () => maskedPart(SHAPE, tensor(Int32Array.of(1, 8, 23)), tensor([0.5, -1, 2])),
  rows: () => rowsPart(SHAPE, tensor(Int32Array.of(2, 5)), normal(key(2), [2, 4])),
  columns: () => columnsPart(SHAPE, tensor(Int32Array.of(0, 3)), normal(key(3), [6, 2])),
  'low rank': () => lowRankPart(normal(key(4), [6, 2]), normal(key(5), [2, 4])),
};

const bits = async (x: Tensor): Promise<string> => Buffer.from((await x.data()).buffer).toString('hex');
const deltaOf = (part: Part): WeightDelta => new WeightDelta([['w', part]]);

describe.each(Object.entries(PARTS))('a change of %s', (_name, part) => {
  test('is added where it touches, and nothing else changes a bit', async () => {
    const before = weights();
    const delta = deltaOf(part());
    const { parameters } = await delta.apply(before);
    const [old, now, change] = [
      await before.get('w').data(),
      await parameters.get('w').data(),
      await delta.materialize('w').data(),
    ];
    now.forEach((value, i) => expect(value + 0).toBe(Math.fround(Number(old[i]) + Number(change[i]))));
    const untouched = [...change].flatMap((value, i) => (value === 0 ? [i] : []));
    for (const i of untouched) expect(Object.is(now[i], old[i])).toBe(true);
    expect(parameters.get('b')).toBe(before.get('b'));
  });

  test('is reverted to the bit, also when the old parameters were disposed', async () => {
    const before = weights();
    const original = await bits(before.get('w'));
    const applied = await deltaOf(part()).apply(before);
    expect(await bits(applied.parameters.get('w'))).not.toBe(original);
    before.dispose(applied.parameters);
    expect(await bits((await applied.revert()).get('w'))).toBe(original);
  });

  test('refuses to be reverted from under a later change of the same entries', async () => {
    const first = await deltaOf(part()).apply(weights());
    const second = await deltaOf(part()).apply(first.parameters);
    await expect(first.revert(second.parameters)).rejects.toMatchObject({ code: 'ERR_VALUE' });
    const back = await first.revert(await second.revert());
    expect(await bits(back.get('w'))).toBe(await bits(weights().get('w')));
  });

  test('has the norm of its dense form', async () => {
    const delta = deltaOf(part());
    const dense = await delta.materialize('w').data();
    const norm = await delta.norms().get('w')!.item();
    expect(norm).toBeCloseTo(Math.hypot(...dense), 6);
  });

  test.each(Object.entries(PARTS))('composes with one of %s into their sum', async (_other, other) => {
    const [a, b] = [deltaOf(part()), deltaOf(other())];
    const sum = await (await a.compose(b)).materialize('w').data();
    const [x, y] = [await a.materialize('w').data(), await b.materialize('w').data()];
    sum.forEach((value, i) => expect(value).toBeCloseTo(Number(x[i]) + Number(y[i]), 6));
  });
});

test('reverting is more than the opposite change, which rounds', async () => {
  const before = new Parameters([['w', tensor([1e-8])]]);
  const delta = deltaOf(densePart(tensor([1])));
  const applied = await delta.apply(before);
  const { parameters: opposite } = await delta.scale(-1).apply(applied.parameters);
  expect(await opposite.get('w').item()).toBe(0);
  expect(await (await applied.revert()).get('w').item()).toBe(Math.fround(1e-8));
});

test('changes of disjoint entries are reverted in any order', async () => {
  const before = weights();
  const first = await deltaOf(PARTS['rows']!()).apply(before);
  const second = await deltaOf(maskedPart(SHAPE, tensor(Int32Array.of(0)), tensor([5]))).apply(
    first.parameters,
  );
  const without = await first.revert(second.parameters);
  const back = await second.revert(without);
  expect(await bits(back.get('w'))).toBe(await bits(before.get('w')));
});

test('ranks are kept apart while their factors are smaller than the matrix', async () => {
  const rank = (k: number): WeightDelta =>
    deltaOf(lowRankPart(normal(key(k), [6, k]), normal(key(9), [k, 4])));
  expect((await rank(1).compose(rank(1))).get('w').kind).toBe('lowRank');
  expect((await rank(2).compose(rank(1))).get('w').kind).toBe('dense');
});

test('a change is of 2 % of the bytes when it has rank one', () => {
  const delta = new WeightDelta([['w', lowRankPart(normal(key(1), [128, 1]), normal(key(2), [1, 128]))]]);
  expect(delta.bytes).toBe(1024);
});

describe('refuses', () => {
  const apply = (part: Part, name = 'w'): Promise<unknown> =>
    new WeightDelta([[name, part]]).apply(weights());
  const one = tensor([1]);
  test.each([
    ['a parameter that is not there', () => apply(PARTS['dense']!(), 'v'), 'ERR_PARAMETER'],
    ['another shape', () => apply(densePart(tensor([[1, 2]]))), 'ERR_SHAPE'],
    ['an index outside', () => apply(maskedPart(SHAPE, tensor(Int32Array.of(24)), one)), 'ERR_INDEX'],
    ['a negative index', () => apply(maskedPart(SHAPE, tensor(Int32Array.of(-1)), one)), 'ERR_INDEX'],
    [
      'indices that do not ascend',
      () => apply(maskedPart(SHAPE, tensor(Int32Array.of(3, 3)), tensor([1, 2]))),
      'ERR_INDEX',
    ],
  ])('%s', async (_what, run, code) => {
    await expect(run()).rejects.toMatchObject({ code });
  });

  test.each([
    ['fewer values than indices', () => maskedPart(SHAPE, tensor(Int32Array.of(1, 2)), one), 'ERR_SHAPE'],
    ['indices that are floats', () => maskedPart(SHAPE, tensor([1]), one), 'ERR_DTYPE'],
    ['rows of another width', () => rowsPart(SHAPE, tensor(Int32Array.of(1)), tensor([[1, 2]])), 'ERR_SHAPE'],
    ['factors that do not meet', () => lowRankPart(tensor([[1], [2]]), tensor([[1], [2]])), 'ERR_SHAPE'],
    ['no tensor', () => densePart([1, 2] as unknown as Tensor), 'ERR_ARGUMENT'],
    ['no shape', () => maskedPart(4 as unknown as [], tensor(Int32Array.of(1)), one), 'ERR_SHAPE'],
    ['no part', () => deltaOf({ kind: 'diagonal' } as unknown as Part), 'ERR_ARGUMENT'],
    ['no pairs', () => new WeightDelta(3 as unknown as []), 'ERR_ARGUMENT'],
    ['a factor that is no number', () => deltaOf(PARTS['dense']!()).scale(NaN), 'ERR_OPTION'],
    ['whole numbers', () => deltaOf(densePart(tensor(Int32Array.of(1)))), 'ERR_DTYPE'],
  ])('%s', (_what, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
