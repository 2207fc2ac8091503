import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadLabeledSet } from '../../lib/data/load';
import { loadMnist } from '../../lib/data/mnist';
import { writeNpy } from '../../lib/data/npy';
import { temporaryFolder } from '../io/temporaryFolder';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const idx = (...extents: number[]): Buffer => {
  const header = Buffer.alloc(4 + 4 * extents.length);
  header[2] = 8;
  header[3] = extents.length;
  extents.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  const size = extents.reduce((product, extent) => product * extent, 1);
  return Buffer.concat([header, Uint8Array.from({ length: size }, (_, i) => i % 5)]);
};

beforeAll(async () => {
  writeFileSync(at('images.idx'), idx(3, 2, 2));
  writeFileSync(at('labels.idx'), idx(3));
  writeFileSync(at('two labels.idx'), idx(2));
  writeFileSync(at('table.csv'), 'x,label\n1,0\n');
  writeFileSync(at('packed.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]));
  await writeNpy(at('x.npy'), { dtype: 'float64', shape: [2, 3], data: Float64Array.of(0, 0.1, 2, 3, 4, 5) });
  await writeNpy(at('y.npy'), { dtype: 'int32', shape: [2], data: Int32Array.of(1, 0) });
  await writeNpy(at('negative.npy'), { dtype: 'int32', shape: [2], data: Int32Array.of(1, -1) });
  await writeNpy(at('huge.npy'), { dtype: 'float64', shape: [2, 1], data: Float64Array.of(1, 1e300) });
  await writeNpy(at('flags.npy'), { dtype: 'bool', shape: [2, 1], data: Uint8Array.of(1, 0) });
});

describe('loadLabeledSet', () => {
  it('tells idx, npy and CSV by their first bytes', async () => {
    const fromIdx = await loadLabeledSet(at('images.idx'), at('labels.idx'), { classCount: 10 });
    expect(fromIdx).toMatchObject({ size: 3, exampleShape: [1, 2, 2], dtype: 'uint8', classCount: 10 });
    expect([...fromIdx.features]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    const fromNpy = await loadLabeledSet(at('x.npy'), at('y.npy'));
    expect(fromNpy).toMatchObject({ size: 2, exampleShape: [3], dtype: 'float32', classCount: 2 });
    expect([...fromNpy.features]).toEqual([0, Math.fround(0.1), 2, 3, 4, 5]);
    expect(await loadLabeledSet(at('table.csv'))).toMatchObject({ size: 1, exampleShape: [1] });
    const flags = await loadLabeledSet(at('flags.npy'), at('y.npy'));
    expect(flags.features).toEqual(Float32Array.of(1, 0));
    const flat = await loadLabeledSet(at('images.idx'), at('labels.idx'), { exampleShape: [4] });
    expect(flat.exampleShape).toEqual([4]);
  });

  it.each<[string, string, string | undefined, string, RegExp]>([
    ['a missing file', 'nowhere', undefined, 'ERR_IO', /nowhere/],
    ['a compressed file', 'packed.gz', 'labels.idx', 'ERR_FORMAT', /gunzip/],
    ['images without labels', 'images.idx', undefined, 'ERR_OPTION', /second file with the labels/],
    ['a table with a second file', 'table.csv', 'labels.idx', 'ERR_OPTION', /holds its labels itself/],
    ['too few labels', 'images.idx', 'two labels.idx', 'ERR_SHAPE', /one per example .* got \[2\]/],
    ['images as labels', 'images.idx', 'images.idx', 'ERR_SHAPE', /labels \[N\] expected/],
    ['a negative label', 'x.npy', 'negative.npy', 'ERR_FORMAT', /label 1 is -1/],
    ['a number beyond float32', 'huge.npy', 'y.npy', 'ERR_FORMAT', /number 1, 1e\+300, does not fit/],
  ])('refuses %s', async (_what, path, labels, code, message) => {
    const loading = loadLabeledSet(at(path), labels === undefined ? undefined : at(labels));
    await expect(loading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('loadMnist', () => {
  it('loads all digits', async () => {
    const { train, test } = await loadMnist();
    expect(train).toMatchObject({ size: 60_000, exampleShape: [1, 28, 28], dtype: 'uint8', classCount: 10 });
    expect(test).toMatchObject({ size: 10_000, exampleShape: [1, 28, 28] });
    // The counts per class that the data's authors publish.
    const counts = (labels: Int32Array): number[] => {
      const found = new Array<number>(10).fill(0);
      for (const label of labels) found[label]! += 1;
      return found;
    };
    expect(counts(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(counts(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it('says which file is missing in another folder', async () => {
    await expect(loadMnist({ folder })).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('idx'),
    });
  });
});
