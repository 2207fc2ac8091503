import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { checkAborted } from './abort';
import { checkPath, ioError, systemCode } from './ioError';

/** Appends bytes to the file being written. They may be reused once the promise is settled. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** The whole content of a file, or a function that writes it piece by piece. */
export type FileContent = string | Uint8Array | ((write: WriteBytes) => Promise<void>);

export interface WriteOptions {
  /** Cancels the write between two pieces; the file is then as it was before. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a file so that its name never stands for half of it: into a temporary file in the same folder, which is
 * flushed to the disk and then renamed. Whoever opens `path` meanwhile, or after a crash, sees the old content or the
 * new. An existing file keeps its permissions; a symbolic link is replaced by the file.
 *
 * @throws PalimpsestError ERR_IO with the path and the system's reason; AbortedError. Nothing is left behind then.
 */
export async function atomicWrite(
  path: string,
  content: FileContent,
  options: WriteOptions = {},
): Promise<void> {
  checkPath('atomicWrite', path);
  const target = resolve(path);
  const temporary = join(dirname(target), temporaryName());
  try {
    await writeDurably(temporary, await permissionsOf(target), content, options.signal);
    checkAborted('atomicWrite', options.signal);
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError('write', path, error);
  }
}

/** A name for something unfinished: hidden, and long enough that two never meet. */
export const temporaryName = (): string => `.palimpsest-${randomBytes(8).toString('hex')}.tmp`;

/** Whether a name is one of these: left behind by a process that died. */
export const isTemporary = (name: string): boolean => /^\.palimpsest-[0-9a-f]{16}\.tmp$/.test(name);

/** Makes names in a folder survive a power failure, where the file system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot flush a folder; they order renames by themselves.
    if (systemCode(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

async function writeDurably(
  path: string,
  permissions: number | undefined,
  content: FileContent,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    const write: WriteBytes = async (bytes) => {
      checkAborted('atomicWrite', signal);
      for (let done = 0; done < bytes.length;) {
        done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
      }
    };
    if (typeof content === 'function') await content(write);
    else await write(typeof content === 'string' ? Buffer.from(content) : content);
    if (permissions !== undefined) await handle.chmod(permissions);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function permissionsOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
