import { lowRankPart, maskedPart, type Part } from '../../lib/edits/part';
import { mergeDeltas } from '../../lib/edits/merge';
import { WeightDelta } from '../../lib/edits/weightDelta';
import { tensor } from '../../lib/graph/create';

const delta = (...entries: readonly (readonly [index: number, value: number])[]): WeightDelta =>
  deltaOf(
    maskedPart(
      [5],
      tensor(Int32Array.from(entries.map(([index]) => index))),
      tensor(entries.map(([, value]) => value)),
    ),
  );
const deltaOf = (part: Part, name = 'w'): WeightDelta => new WeightDelta([[name, part]]);
const A = (): WeightDelta => delta([0, 1], [1, 2]);
const B = (): WeightDelta => delta([1, -4], [3, 5]);

const values = async (of: WeightDelta): Promise<number[]> =>
  [...(await of.materialize('w').data())].map(Number);

test.each([
  ['sum', [1, -2, 0, 5, 0]],
  ['mean', [1, -1, 0, 5, 0]],
  ['first', [1, 2, 0, 5, 0]],
  ['last', [1, -4, 0, 5, 0]],
] as const)('an entry that two change gets their %s', async (onConflict, expected) => {
  const merged = await mergeDeltas([A(), B()], { onConflict });
  expect(await values(merged.delta)).toEqual(expected);
  expect(merged.conflicts).toEqual([
    {
      name: 'w',
      between: [0, 1],
      overlap: 1,
      opposed: 1,
      cosine: expect.closeTo(-8 / Math.sqrt(5 * 41), 12),
    },
  ]);
});

test('three changes are compared pair by pair', async () => {
  const { conflicts } = await mergeDeltas([A(), B(), A()]);
  expect(conflicts.map(({ between, opposed }) => [...between, opposed])).toEqual([
    [0, 1, 1],
    [0, 2, 0],
    [1, 2, 1],
  ]);
  expect(conflicts[1]).toMatchObject({ overlap: 2, cosine: expect.closeTo(1, 12) });
});

test('changes of other entries or parameters do not conflict', async () => {
  const apart = await mergeDeltas([delta([0, 1]), delta([4, 1])], { onConflict: 'error' });
  expect(apart.conflicts).toEqual([]);
  expect(apart.delta.get('w').kind).toBe('masked');
  const other = deltaOf(lowRankPart(tensor([[1], [2]]), tensor([[1, 1]])), 'v');
  expect((await mergeDeltas([A(), other], { onConflict: 'error' })).delta.names).toEqual(['w', 'v']);
});

test('refuses to choose when it is told to, and a rule that it does not know', async () => {
  await expect(mergeDeltas([A(), B()], { onConflict: 'error' })).rejects.toMatchObject({ code: 'ERR_VALUE' });
  await expect(mergeDeltas([A()], { onConflict: 'max' as 'mean' })).rejects.toMatchObject({
    code: 'ERR_OPTION',
  });
});
