import { describe, PalimpsestError } from '../errors';

/** What a failed file operation becomes: ERR_IO with the path and the system's reason. Our own errors stay. */
export function ioError(action: string, path: string, cause: unknown): PalimpsestError {
  if (cause instanceof PalimpsestError) return cause;
  // Not `instanceof Error`: Node's own errors may come from another realm than ours.
  const reason = (cause as { message?: unknown } | null)?.message ?? cause;
  return new PalimpsestError('ERR_IO', `cannot ${action} '${path}': ${String(reason)}`, { cause });
}

/** The system's short name of a failure: ENOENT, EEXIST, ... */
export const systemCode = (error: unknown): string | undefined =>
  (error as { code?: string } | null | undefined)?.code;

/** @throws PalimpsestError ERR_ARGUMENT for a path that is no text, which only JavaScript callers can give. */
export function checkPath(where: string, path: unknown): void {
  if (typeof path === 'string' && path !== '') return;
  throw new PalimpsestError(
    'ERR_ARGUMENT',
    `${where}: a path expected, got ${path === '' ? 'an empty text' : describe(path)}`,
  );
}
