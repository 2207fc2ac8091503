import type { ErrorCode } from '../../lib/errors';

/** What an error of that code looks like, for `toThrow` and `rejects.toEqual`. */
export const code = (wanted: ErrorCode): Error => expect.objectContaining({ code: wanted }) as Error;
