import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

import { readCsv, readIdx, readNpy, readNpz } from '../../lib/data';
import { PalimpsestError } from '../../lib/errors';
import { readSafetensors } from '../../lib/io';
import { memory } from '../../lib/native';
import { announce } from '../support/numbers';
import { CASES } from './corpus/cases';

const folder = join(__dirname, 'corpus');
/** Whatever a file says of its size, no reader takes so much memory before it knows better. */
const MOST_BYTES = 16 * 2 ** 20;

const READERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  '.safetensors': readSafetensors,
  '.npy': readNpy,
  '.npz': readNpz,
  '.csv': readCsv,
  '.idx': readIdx,
};

const files = readdirSync(folder).filter((name) => extname(name) in READERS);

test('the files are those that the script writes', () => {
  expect([...files].sort()).toEqual(Object.keys(CASES).sort());
});

test.each(files)('%s is refused by name', async (name) => {
  expect(readFileSync(join(folder, name)).equals(CASES[name]!)).toBe(true);
  const before = memory().liveBytes;
  const outcome = await READERS[extname(name)]!(join(folder, name)).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(PalimpsestError);
  expect((outcome as PalimpsestError).code).toBe('ERR_FORMAT');
  expect((outcome as Error).message).toContain(name);
  expect(memory().liveBytes - before).toBeLessThan(MOST_BYTES);
});

afterAll(() => announce('R7', `${files.length} committed malformed files of 5 formats, all refused by name`));
