import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { deltaBetween } from '../../lib/edits/between';
import { loadDelta, saveDelta } from '../../lib/edits/deltaFile';
import { loadMoments, saveMoments } from '../../lib/edits/moments/momentsFile';
import { columnsPart, densePart, lowRankPart, maskedPart, rowsPart } from '../../lib/edits/part';
import { SecondMoments } from '../../lib/edits/moments/secondMoments';
import { WeightDelta } from '../../lib/edits/weightDelta';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { writeSafetensors } from '../../lib/io/writeSafetensors';
import { key, normal } from '../../lib/random';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'palimpsest-edits-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);

test('a change of every kind comes back with the same bits and its provenance', async () => {
  const delta = new WeightDelta([
    ['dense', densePart(normal(key(1), [3, 2, 2]))],
    ['entries', maskedPart([3, 4], tensor(Int32Array.of(0, 7)), tensor([-0, 1e-40]))],
    ['rows', rowsPart([9, 2], tensor(Int32Array.of(4)), normal(key(2), [1, 2], { dtype: 'float64' }))],
    ['columns', columnsPart([2, 9], tensor(Int32Array.of(1, 8)), normal(key(3), [2, 2]))],
    ['a.b::low', lowRankPart(normal(key(4), [6, 1]), normal(key(5), [1, 4]), [6, 2, 2])],
  ]);
  await saveDelta(file('delta.safetensors'), delta, { provenance: { method: 'test' } });
  const loaded = await loadDelta(file('delta.safetensors'));
  expect(loaded.provenance).toEqual({ method: 'test' });
  expect(loaded.delta.names).toEqual(delta.names);
  for (const [name, part] of delta) {
    const { kind, shape } = loaded.delta.get(name);
    expect({ kind, shape }).toEqual({ kind: part.kind, shape: part.shape });
    expect(await loaded.delta.materialize(name).data()).toEqual(await delta.materialize(name).data());
  }
});

test('a change of rank one is a small file', async () => {
  const part = lowRankPart(normal(key(1), [1000, 1]), normal(key(2), [1, 1000]));
  await saveDelta(file('small.safetensors'), new WeightDelta([['w', part]]));
  expect(statSync(file('small.safetensors')).size).toBeLessThan(9000);
});

test('other files are refused', async () => {
  await writeSafetensors(file('other.safetensors'), [['w::values', tensor([1])]]);
  await expect(loadDelta(file('other.safetensors'))).rejects.toMatchObject({ code: 'ERR_FORMAT' });
  await expect(loadMoments(file('other.safetensors'))).rejects.toMatchObject({ code: 'ERR_FORMAT' });
  const claim = (parts: string): Promise<void> =>
    writeSafetensors(file('wrong.safetensors'), [['w::values', tensor([1])]], {
      metadata: { format: 'palimpsest weight delta 1', provenance: '{}', parts },
    });
  for (const parts of [
    '',
    '{}',
    '[["w",{"kind":"odd","shape":[1]}]]',
    '[["w",{"kind":"lowRank","shape":[1]}]]',
  ]) {
    await claim(parts);
    await expect(loadDelta(file('wrong.safetensors'))).rejects.toMatchObject({ code: 'ERR_FORMAT' });
  }
});

test('the difference of two models takes the smallest form', async () => {
  const zeros = Array<number>(100).fill(0);
  const before = new Parameters([
    ['same', tensor([1, 2])],
    ['few', tensor(zeros, { shape: [10, 10] })],
    ['row', tensor(zeros, { shape: [10, 10] })],
    ['column', tensor(zeros, { shape: [10, 10] })],
    ['all', tensor(zeros, { shape: [10, 10] })],
  ]);
  const after = before.with([
    ['same', tensor([1, 2])],
    [
      'few',
      tensor(
        zeros.map((_, i) => (i % 40 === 5 ? i : 0)),
        { shape: [10, 10] },
      ),
    ],
    [
      'row',
      tensor(
        zeros.map((_, i) => (Math.floor(i / 10) === 3 ? i : 0)),
        { shape: [10, 10] },
      ),
    ],
    [
      'column',
      tensor(
        zeros.map((_, i) => (i % 10 === 7 ? i : 0)),
        { shape: [10, 10] },
      ),
    ],
    [
      'all',
      tensor(
        zeros.map((_, i) => i + 1),
        { shape: [10, 10] },
      ),
    ],
  ]);
  const delta = await deltaBetween(before, after);
  expect(delta.names.map((name) => delta.get(name).kind)).toEqual(['masked', 'slices', 'slices', 'dense']);
  expect([delta.get('row'), delta.get('column')]).toMatchObject([{ axis: 0 }, { axis: 1 }]);
  const { parameters } = await delta.apply(before);
  for (const [name, expected] of after)
    expect(await parameters.get(name).data()).toEqual(await expected.data());
});

test('a parameter that only one of two models has is no difference', async () => {
  const small = new Parameters([['w', tensor([1, 2])]]);
  const large = new Parameters([...small, ['v', tensor([3])]]);
  await expect(deltaBetween(small, large)).rejects.toThrow("'v' is after the change and not before");
  await expect(deltaBetween(large, small)).rejects.toMatchObject({ code: 'ERR_PARAMETER' });
});

test('what could not be read again is not written', async () => {
  const delta = new WeightDelta([['w', densePart(tensor([1]))]]);
  const save = (options: unknown): Promise<void> =>
    saveDelta(file('no.safetensors'), delta, options as object);
  await expect(save({ provenance: { seed: 3 } })).rejects.toMatchObject({ code: 'ERR_OPTION' });
  await expect(save({ provenence: {} })).rejects.toThrow("did you mean 'provenance'?");
  await expect(saveDelta(file('no.safetensors'), {} as unknown as WeightDelta)).rejects.toThrow(
    'a WeightDelta expected',
  );
  await expect(saveDelta('', delta)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  await expect(saveMoments(file('no'), {} as unknown as SecondMoments)).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
  });
});

test('moments come back, and files that were tampered with do not', async () => {
  const source = { data: 'rows', digest: 'abc', layer: 'mlp' };
  const moments = await SecondMoments.empty(3, source).with(normal(key(1), [5, 3]));
  await saveMoments(file('moments.safetensors'), moments);
  const loaded = await loadMoments(file('moments.safetensors'));
  expect(loaded.sources).toEqual([{ ...source, count: 5 }]);
  expect(await loaded.moment().data()).toEqual(await moments.moment().data());
  await expect(loaded.merge(moments)).rejects.toMatchObject({ code: 'ERR_VALUE' });

  await writeSafetensors(
    file('moments.safetensors'),
    [['sum', moments.sum] as const, ['outer', moments.outer] as const],
    {
      metadata: { format: 'palimpsest second moments 1', moments: '{"count":7,"sources":[]}' },
    },
  );
  await expect(loadMoments(file('moments.safetensors'))).rejects.toMatchObject({ code: 'ERR_FORMAT' });
});
