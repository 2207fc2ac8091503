import { AbortedError } from '../errors';

/** Throws when the signal has fired. `where` names what stops. */
export function checkAborted(where: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new AbortedError(`${where}: aborted`, { cause: signal.reason });
}
