import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { atomicWrite } from '../../lib/io/atomicWrite';
import { temporaryFolder } from './temporaryFolder';

const root = temporaryFolder();
let folder: string;
let path: string;

beforeEach(() => {
  folder = join(root, expect.getState().currentTestName!.replace(/\W+/g, '-').slice(0, 60));
  mkdirSync(folder);
  path = join(folder, 'file');
});

const read = (): string => readFileSync(path, 'utf8');

describe('atomicWrite', () => {
  it('writes text, bytes and pieces', async () => {
    await atomicWrite(path, 'héllo');
    expect(read()).toBe('héllo');
    await atomicWrite(path, new Uint8Array([65, 66]));
    expect(read()).toBe('AB');
    await atomicWrite(path, async (write) => {
      const piece = new Uint8Array(1);
      for (const letter of 'pieces') {
        piece[0] = letter.charCodeAt(0);
        await write(piece);
      }
    });
    expect(read()).toBe('pieces');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves the old content and nothing else when the writer fails half-way', async () => {
    writeFileSync(path, 'old');
    const failing = atomicWrite(path, async (write) => {
      await write(Buffer.from('half of the new'));
      expect(read()).toBe('old');
      throw new Error('the disk is on fire');
    });
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('on fire'),
    });
    expect(read()).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves the old content when it is aborted between two pieces or at the end', async () => {
    writeFileSync(path, 'old');
    for (const abortAfter of [1, 2]) {
      const controller = new AbortController();
      const aborted = atomicWrite(
        path,
        async (write) => {
          for (let piece = 1; piece <= 2; piece++) {
            await write(Buffer.from('new'));
            if (piece === abortAfter) controller.abort();
          }
        },
        { signal: controller.signal },
      );
      await expect(aborted).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    }
    expect(read()).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('names the path and the reason when the folder is missing or a folder is in the way', async () => {
    const missing = join(folder, 'no', 'file');
    await expect(atomicWrite(missing, '')).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringMatching(/cannot write '.*no\/file': ENOENT/),
    });
    await expect(atomicWrite(folder, '')).rejects.toMatchObject({ code: 'ERR_IO' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps the permissions of the file it replaces', async () => {
    writeFileSync(path, 'old');
    chmodSync(path, 0o600);
    await atomicWrite(path, 'new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('replaces a symbolic link and leaves its target alone', async () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'kept');
    symlinkSync(target, path);
    await atomicWrite(path, 'new');
    expect(read()).toBe('new');
    expect(readFileSync(target, 'utf8')).toBe('kept');
  });

  it('lets the last of several writers at once win, with a whole content', async () => {
    const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(contents.map((content) => atomicWrite(path, content)));
    expect(contents).toContain(read());
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
