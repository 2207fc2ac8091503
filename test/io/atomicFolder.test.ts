import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { atomicFolder, recoverFolder } from '../../lib/io/atomicFolder';
import { atomicWrite } from '../../lib/io/atomicWrite';
import { temporaryFolder } from './temporaryFolder';

const root = temporaryFolder();
let parent: string;
let target: string;

beforeEach(() => {
  parent = join(root, expect.getState().currentTestName!.replace(/\W+/g, '-').slice(0, 60));
  target = join(parent, 'model');
});

const fill = (text: string) => (folder: string) => atomicWrite(join(folder, text), text);

describe('atomicFolder', () => {
  it('makes the folder, with the folders above it, and replaces it', async () => {
    await atomicFolder(target, fill('first'));
    expect(readdirSync(target)).toEqual(['first']);
    await atomicFolder(target, fill('second'));
    expect(readdirSync(target)).toEqual(['second']);
    expect(readdirSync(parent)).toEqual(['model']);
  });

  it('leaves the old folder and nothing else when filling fails or is aborted', async () => {
    await atomicFolder(target, fill('old'));
    const failing = atomicFolder(target, async (folder) => {
      await fill('new')(folder);
      throw new Error('no more');
    });
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('no more'),
    });
    const controller = new AbortController();
    const aborted = atomicFolder(
      target,
      async (folder) => {
        await fill('new')(folder);
        controller.abort();
      },
      { signal: controller.signal },
    );
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(readdirSync(target)).toEqual(['old']);
    expect(readdirSync(parent)).toEqual(['model']);
  });

  it('gets the old folder back when the process died between the two renames', async () => {
    await atomicFolder(target, fill('old'));
    renameSync(target, join(parent, '.model.previous'));
    await recoverFolder(target);
    expect(readdirSync(target)).toEqual(['old']);
    expect(readdirSync(parent)).toEqual(['model']);
  });

  it('prefers the new folder when the process died before the old one was removed', async () => {
    await atomicFolder(target, fill('new'));
    mkdirSync(join(parent, '.model.previous'));
    writeFileSync(join(parent, '.model.previous', 'old'), 'old');
    await recoverFolder(target);
    expect(readdirSync(target)).toEqual(['new']);
    await atomicFolder(target, fill('newer'));
    expect(readdirSync(parent)).toEqual(['model']);
    expect(readFileSync(join(target, 'newer'), 'utf8')).toBe('newer');
  });

  it('does nothing about a folder that never was', async () => {
    await recoverFolder(target);
    expect(existsSync(target)).toBe(false);
  });
});
