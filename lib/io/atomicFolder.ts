import { access, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { checkAborted } from './abort';
import { syncFolder, temporaryName, type WriteOptions } from './atomicWrite';
import { ioError } from './ioError';

/**
 * Writes a folder as a whole: `fill` writes into a temporary folder beside it, which then takes its name. An existing
 * folder is set aside under `.<name>.previous` for the moment between two renames, and removed afterwards; should the
 * process die in that moment, `recoverFolder` puts it back.
 *
 * @param fill Writes the files. What it writes with `atomicWrite` is flushed to the disk.
 * @throws PalimpsestError ERR_IO; AbortedError; whatever `fill` throws. The folder is as it was then.
 */
export async function atomicFolder(
  path: string,
  fill: (folder: string) => Promise<void>,
  options: WriteOptions = {},
): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), temporaryName());
  try {
    await recoverFolder(target);
    await mkdir(dirname(target), { recursive: true });
    await mkdir(temporary);
    await fill(temporary);
    await syncFolder(temporary);
    checkAborted('atomicFolder', options.signal);
    await replace(target, temporary);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw ioError('write', path, error);
  }
}

/** Undoes a replacement that died half-way: the folder that was set aside gets its name back. Else does nothing. */
export async function recoverFolder(path: string): Promise<void> {
  const target = resolve(path);
  const previous = previousOf(target);
  if ((await exists(target)) || !(await exists(previous))) return;
  await rename(previous, target);
  await syncFolder(dirname(target));
}

const previousOf = (target: string): string => join(dirname(target), `.${basename(target)}.previous`);

async function replace(target: string, temporary: string): Promise<void> {
  const previous = previousOf(target);
  const replaces = await exists(target);
  if (replaces) {
    await rm(previous, { recursive: true, force: true });
    await rename(target, previous);
  }
  try {
    await rename(temporary, target);
  } catch (error) {
    if (replaces) await rename(previous, target);
    throw error;
  }
  await syncFolder(dirname(target));
  if (replaces) await rm(previous, { recursive: true, force: true });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
