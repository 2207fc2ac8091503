import { readFile } from 'node:fs/promises';

import { checkAborted } from './abort';
import { checkPath, ioError } from './ioError';

/** All bytes of a file. @throws PalimpsestError ERR_IO with the path and the system's reason; AbortedError. */
export async function readBytes(path: string, signal?: AbortSignal): Promise<Buffer> {
  checkPath('readBytes', path);
  checkAborted('readBytes', signal);
  try {
    return await readFile(path, { signal });
  } catch (error) {
    checkAborted('readBytes', signal);
    throw ioError('read', path, error);
  }
}
