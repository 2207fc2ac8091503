import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { DType } from '../../lib/graph/dtype';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { tidy } from '../../lib/graph/tidy';
import { readSafetensors } from '../../lib/io/safetensors';
import { writeSafetensors } from '../../lib/io/writeSafetensors';
import { loadModel, saveModel } from '../../lib/models/folder';
import { Ledger, type WeightsChange } from '../../lib/models/ledger';
import { loadLedger, writeLedger } from '../../lib/models/ledgerFiles';
import { mlp } from '../../lib/models/mlp';
import { withParameters } from '../../lib/models/model';
import { weightsHash } from '../../lib/models/weightsHash';
import { memory } from '../../lib/native';
import { temporaryFolder } from '../io/temporaryFolder';
import { memoryAtRest } from '../support/garbage';

const folder = temporaryFolder();

/** Floats of these bits: NaNs of several kinds, both zeros, a denormal. */
const floats = (...bits: number[]): Float32Array => new Float32Array(Uint32Array.from(bits).buffer);
const bitsOf = async (parameters: Parameters, name: string): Promise<Buffer> => {
  const { buffer, byteOffset, byteLength } = await parameters.get(name).data();
  return Buffer.from(buffer, byteOffset, byteLength);
};

const NAN_A = 0x7fc00001;
const NAN_B = 0xffc00002;
const SIGNALLING = 0x7f800001;
const MINUS_ZERO = 0x80000000;

const many = Float64Array.from({ length: 300_000 }, (_, i) => Math.sin(i));
const before = new Parameters([
  ['a', tensor(floats(NAN_A, 0, 0x3f800000, SIGNALLING, 1, 0, 0, 0, 0), { shape: [3, 3] })],
  ['b:c', tensor(many)],
  ['all', tensor(new Float32Array([1, 2]))],
  ['same', tensor(new Float32Array([NaN, 5]))],
  ['mask', tensor(new Uint8Array(40), { dtype: 'bool' })],
]);
const manyAfter = many.slice();
manyAfter[0] = -0;
manyAfter[290_000] = NaN;
const maskAfter = new Uint8Array(40);
maskAfter[39] = 1;
const after = before.with([
  ['a', tensor(floats(NAN_B, MINUS_ZERO, 0x3f800000, SIGNALLING, 1, 0, 0, 0, 0), { shape: [3, 3] })],
  ['b:c', tensor(manyAfter)],
  ['all', tensor(new Float32Array([3, 4]))],
  ['same', tensor(new Float32Array([NaN, 5]))],
  ['mask', tensor(maskAfter, { dtype: 'bool' })],
]);
const CHANGE: WeightsChange = {
  before,
  after,
  method: 'ssd',
  options: { alpha: 10, lambda: 1, fisher: { mode: 'example', seed: undefined } },
  dataDigest: { forget: 'ab'.repeat(32) },
  measurements: { before: { forgetAccuracy: 0.99 }, after: { forgetAccuracy: 0 } },
  seconds: 1.5,
  createdAt: new Date(0),
};

const recorded = async (): Promise<Ledger> => {
  const ledger = new Ledger();
  await ledger.record(CHANGE);
  return ledger;
};

describe('Ledger', () => {
  it('records what was done and what it changed, by bits', async () => {
    const [entry] = (await recorded()).entries;
    expect(entry).toEqual({
      id: 1,
      method: 'ssd',
      options: { alpha: 10, lambda: 1, fisher: { mode: 'example' } },
      dataDigest: { forget: 'ab'.repeat(32) },
      parametersTouched: [
        { name: 'a', changed: 2, kept: 'changed' },
        { name: 'b:c', changed: 2, kept: 'changed' },
        { name: 'all', changed: 2, kept: 'all' },
        { name: 'mask', changed: 1, kept: 'changed' },
      ],
      weightsHashBefore: await weightsHash(before),
      weightsHashAfter: await weightsHash(after),
      measurements: { before: { forgetAccuracy: 0.99 }, after: { forgetAccuracy: 0 } },
      createdAt: '1970-01-01T00:00:00.000Z',
      seconds: 1.5,
      oldValuesHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      previousHash: null,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await recorded()).entries[0]).toEqual(entry);
  });

  it('undoes a change to the bit, and leaves what did not change as it was', async () => {
    const ledger = await recorded();
    const { parameters, entry } = await ledger.undo(after);
    for (const name of before.names) {
      expect((await bitsOf(parameters, name)).equals(await bitsOf(before, name))).toBe(true);
      expect(parameters.get(name)).toMatchObject({
        shape: before.get(name).shape,
        dtype: before.get(name).dtype,
      });
    }
    expect(parameters.get('same')).toBe(after.get('same'));
    expect(entry).toMatchObject({ id: 2, method: 'undo', undoes: 1, options: { entry: 1 } });
    expect(entry.weightsHashAfter).toBe(await weightsHash(before));
    expect(ledger.entries).toHaveLength(2);
  });

  it('undoes one change after the other, back to the start, and an undoing by its number', async () => {
    const states = [0, 1, 2, 3].map((value) => new Parameters([['w', tensor(new Float32Array([value, 7]))]]));
    const ledger = new Ledger();
    for (const i of [0, 1, 2]) {
      await ledger.record({ before: states[i]!, after: states[i + 1]!, method: `m${i}`, options: {} });
    }
    let { parameters } = await ledger.undo(states[3]!);
    expect(await weightsHash(parameters)).toBe(await weightsHash(states[2]!));
    ({ parameters } = await ledger.undo(parameters));
    expect(await weightsHash(parameters)).toBe(await weightsHash(states[1]!));
    ({ parameters } = await ledger.undo(parameters, 5));
    expect(await weightsHash(parameters)).toBe(await weightsHash(states[2]!));
    ({ parameters } = await ledger.undo(parameters));
    expect(ledger.entries.at(-1)).toMatchObject({ undoes: 2 });
    ({ parameters } = await ledger.undo(parameters));
    expect(await weightsHash(parameters)).toBe(await weightsHash(states[0]!));
    expect(ledger.entries.map(({ undoes }) => undoes)).toEqual([
      undefined,
      undefined,
      undefined,
      3,
      2,
      5,
      2,
      1,
    ]);
    await expect(ledger.undo(parameters)).rejects.toThrow('nothing left to undo');
  });

  it('refuses to undo from other weights, or an entry that is not there', async () => {
    const ledger = await recorded();
    await expect(ledger.undo(before)).rejects.toMatchObject({
      code: 'ERR_VALUE',
      message: expect.stringContaining('undo later changes first'),
    });
    await expect(ledger.undo(after, 2)).rejects.toMatchObject({ code: 'ERR_INDEX' });
    await expect(new Ledger().undo(after)).rejects.toMatchObject({ code: 'ERR_VALUE' });
    expect(ledger.entries).toHaveLength(1);
  });

  it('refuses a change that does not begin where the last one ended', async () => {
    const ledger = await recorded();
    await expect(ledger.record(CHANGE)).rejects.toMatchObject({
      code: 'ERR_VALUE',
      message: expect.stringContaining('a change between them is not recorded'),
    });
    const forked = new Ledger();
    const other = before.with([['all', tensor(new Float32Array([8, 9]))]]);
    const both = [forked.record(CHANGE), forked.record({ ...CHANGE, after: other })];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(forked.entries).toHaveLength(1);
  });

  it('records a change of nothing', async () => {
    const ledger = new Ledger();
    const entry = await ledger.record({ before, after: before, method: 'none', options: {} });
    expect(entry).toMatchObject({ parametersTouched: [], seconds: 0 });
    expect(entry.weightsHashAfter).toBe(entry.weightsHashBefore);
    const { parameters } = await ledger.undo(before);
    expect(parameters.get('a')).toBe(before.get('a'));
  });

  it('goes on separately in a copy', async () => {
    const ledger = await recorded();
    const copy = ledger.copy();
    await copy.undo(after);
    expect([ledger.entries.length, copy.entries.length]).toEqual([1, 2]);
  });

  it.each<[string, Partial<WeightsChange>, string]>([
    ['a missing parameter', { after: after.select((name) => name !== 'a') }, 'ERR_PARAMETER'],
    ['a new parameter', { before: before.select((name) => name !== 'a') }, 'ERR_PARAMETER'],
    [
      'another dtype',
      {
        after: new Parameters(
          [...after].map(([name, one]) => [name, name === 'all' ? tensor(new Int32Array(2)) : one]),
        ),
      },
      'ERR_DTYPE',
    ],
    [
      'another shape',
      {
        after: new Parameters(
          [...after].map(([name, one]) => [name, name === 'all' ? tensor(new Float32Array(3)) : one]),
        ),
      },
      'ERR_SHAPE',
    ],
    ['NaN as an option', { options: { alpha: NaN } }, 'ERR_OPTION'],
    ['a function as an option', { options: { stop: () => true } }, 'ERR_OPTION'],
    ['a typed array as an option', { options: { classes: new Int32Array(1) } }, 'ERR_OPTION'],
    ['a member that many readers drop', { options: JSON.parse('{"__proto__": 1}') as object }, 'ERR_OPTION'],
    ['a measurement that is no number', { measurements: { after: { accuracy: NaN } } }, 'ERR_OPTION'],
    ['a digest that is none', { dataDigest: { forget: 'sha' } }, 'ERR_OPTION'],
    ['negative seconds', { seconds: -1 }, 'ERR_OPTION'],
    ['no date', { createdAt: new Date(NaN) }, 'ERR_OPTION'],
    ['an aborted signal', { signal: AbortSignal.abort() }, 'ERR_ABORTED'],
  ])('refuses %s and records nothing', async (_what, wrong, code) => {
    const ledger = new Ledger();
    await expect(ledger.record({ ...CHANGE, ...wrong })).rejects.toMatchObject({ code });
    expect(ledger.entries).toHaveLength(0);
  });

  it('keeps no tensors, so that recording leaves nothing behind', async () => {
    const { handles } = await memoryAtRest();
    const ledger = await recorded();
    expect(memory().handles).toBe(handles);
    (await ledger.undo(after)).parameters.select(/^(?!same)/).dispose();
    expect(memory().handles).toBe(handles);
  });
});

describe('weightsHash', () => {
  it('depends on names, dtypes, shapes and bits, not on the order', async () => {
    const hash = (...entries: [string, ReturnType<typeof tensor>][]): Promise<string> => weightsHash(entries);
    const zero = (dtype: DType, shape: number[]) => tensor(0, { dtype, shape });
    const a = tensor([1, 2]);
    const b = zero('float32', [1]);
    const reference = await hash(['a', a], ['b', b]);
    expect(await hash(['b', b], ['a', a])).toBe(reference);
    const others = [
      hash(['a', a]),
      hash(['a', a], ['c', b]),
      hash(['a', b], ['b', a]),
      hash(['a', a], ['b', zero('int32', [1])]),
      hash(['a', a], ['b', zero('float32', [1, 1])]),
      hash(['a', a], ['b', tensor([-0])]),
    ];
    expect(new Set([reference, ...(await Promise.all(others))]).size).toBe(7);
  });
});

describe('a saved ledger', () => {
  beforeEach(async () => {
    const ledger = await recorded();
    await ledger.undo(after);
    await writeLedger(folder, ledger);
  });
  const path = join(folder, 'ledger.json');
  const load = (): Promise<Ledger> => loadLedger(folder, { parameters: before });
  /** Rewrites ledger.json with one piece of text replaced. */
  const tamper = (from: string | RegExp, to: string): void => {
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(from);
    writeFileSync(path, text.replace(from, to));
  };

  it('comes back whole, and still undoes to the bit', async () => {
    const ledger = await loadLedger(folder, { parameters: before });
    expect(ledger.entries.map(({ method }) => method)).toEqual(['ssd', 'undo']);
    const { parameters } = await ledger.undo(before, 2);
    for (const name of after.names) {
      expect((await bitsOf(parameters, name)).equals(await bitsOf(after, name))).toBe(true);
    }
    const text = readFileSync(path, 'utf8');
    await writeLedger(folder, await loadLedger(folder));
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('can be loaded within a tidy and undone after it', async () => {
    const ledger = await tidy(() => load());
    const { parameters } = await ledger.undo(before, 2);
    expect(await weightsHash(parameters)).toBe(await weightsHash(after));
  });

  it('is empty where there is none', async () => {
    expect((await loadLedger(join(folder, 'nowhere'))).entries).toEqual([]);
  });

  it('goes with its model', async () => {
    const model = mlp({ inputs: 3, hidden: [], classes: 2 }, { seed: 1 });
    const ledger = new Ledger();
    const changed = model.parameters.with([['fc1.bias', tensor(floats(NAN_A, MINUS_ZERO))]]);
    await ledger.record({ before: model.parameters, after: changed, method: 'test', options: {} });
    const home = join(folder, 'with model');
    await saveModel(home, withParameters(model, changed), { ledger });
    const loaded = await loadModel(home);
    const loadedLedger = await loadLedger(home, { parameters: loaded.parameters });
    const { parameters } = await loadedLedger.undo(loaded.parameters);
    expect(await weightsHash(parameters)).toBe(await weightsHash(model.parameters));
    // The loaded ledger's old values are mapped from the very folder that is replaced here.
    await saveModel(home, withParameters(loaded, parameters), { ledger: loadedLedger });
    const again = await loadLedger(home, { parameters: (await loadModel(home)).parameters });
    expect(again.entries).toEqual(loadedLedger.entries);
  });

  it.each<[string, string | RegExp, string, RegExp]>([
    ['another option', '"alpha": 10', '"alpha": 11', /entry 1 was changed after it was written/],
    ['a better measurement', '"forgetAccuracy": 0.99', '"forgetAccuracy": 0.5', /entry 1 was changed/],
    ['another number of changes', '"changed": 1', '"changed": 3', /entry 1 was changed/],
    [
      'another hash of the weights',
      /"weightsHashAfter": "./,
      '"weightsHashAfter": "0',
      /entry 1 was changed|hash/,
    ],
    ['an entry out of place', '"id": 2', '"id": 3', /entry 2 has the number 3/],
    ['an entry dropped', /\{\s*"id": 1,[^]*?(?=\{\s*"id": 2)/, '', /entry 1 has the number 2/],
    ['another version', '"version": 1', '"version": 2', /field 'version'/],
    ['an unknown field', '"version": 1', '"version": 1, "extra": 0', /unknown field 'extra'/],
    ['a hash that is none', /"hash": "[0-9a-f]{4}/, '"hash": "', /field 'entries\[0\].hash': a SHA-256/],
    ['text for a number', '"seconds": 1.5', '"seconds": "1.5"', /field 'entries\[0\].seconds'/],
    ['a key twice', '"seconds": 1.5', '"seconds": 1.5, "seconds": 1.5', /"seconds" appears twice/],
    ['no JSON', /^\{/, '', /ledger.json': .*JSON/],
  ])('with %s is refused', async (_what, from, to, message) => {
    tamper(from, to);
    await expect(load()).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringMatching(message),
    });
  });

  it('is refused beside weights that were changed without being recorded', async () => {
    await expect(loadLedger(folder, { parameters: after })).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringContaining('changed without being recorded'),
    });
  });

  it('is refused when its old values were changed, are missing or are too many', async () => {
    const values = join(folder, 'ledger.safetensors');
    const good = readFileSync(values);
    const flipped = Buffer.from(good);
    flipped[flipped.length - 1]! ^= 1;
    writeFileSync(values, flipped);
    await expect(load()).rejects.toMatchObject({
      message: expect.stringMatching(/old values of entry 2 .*|BOOL/),
    });
    writeFileSync(values, good);
    const all = [...(await readSafetensors(values)).parameters()];
    await writeSafetensors(values, all.slice(1));
    await expect(load()).rejects.toMatchObject({ message: expect.stringContaining('is missing') });
    await writeSafetensors(values, [...all, ['3:values:a', tensor([1])] as const]);
    await expect(load()).rejects.toMatchObject({ message: expect.stringContaining('belongs to no entry') });
    const longer = all.map(([name, one]) => [name, name === '1:values:a' ? tensor([1, 2, 3]) : one] as const);
    await writeSafetensors(values, longer);
    await expect(load()).rejects.toMatchObject({ message: expect.stringContaining('should hold 2 numbers') });
    rmSync(values);
    await expect(load()).rejects.toMatchObject({ code: 'ERR_IO' });
  });
});
