import { CommanderError } from 'commander';

import { AbortedError, PalimpsestError } from '../errors';

/** How a command ends. */
export const EXIT = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The exit codes as the help explains them. */
export const EXIT_HELP = `
Exit codes:
  0    done
  1    failed; the reason is on the error output
  2    called wrongly: an unknown command or option, or an option out of its range
  130  interrupted; nothing is left half-written`;

/** The exit code of a command that threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.success : EXIT.usage;
  if (error instanceof AbortedError) return EXIT.interrupted;
  if (error instanceof PalimpsestError && error.code === 'ERR_OPTION') return EXIT.usage;
  return EXIT.failure;
}
