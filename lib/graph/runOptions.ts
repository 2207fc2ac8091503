import { checkOptions, describe, OptionError } from '../errors';
import type { Profile } from './cost/profile';
import type { RunOptions } from './tensor';

/** How one program runs, with the time of every instruction measured in the executor: what `profile: true` asks for. */
export interface ProfiledRun extends RunOptions {
  readonly profile: true;
}

/** The same for a run that is not measured, which is what others are. */
export interface PlainRun extends RunOptions {
  readonly profile?: false | undefined;
}

/** What `profile: true` gives: the result as it would be without, and where the time went. */
export interface Profiled<R> {
  readonly result: R;
  readonly profile: Profile;
}

const KNOWN: readonly string[] = ['signal', 'onProgress', 'profile'];

/** @throws OptionError for a misspelled option, or one that is something else, which only JavaScript callers can give. */
export function checkRun(where: string, options: PlainRun | ProfiledRun): void {
  checkOptions(where, options, KNOWN);
  const { signal, onProgress, profile }: Record<string, unknown> = { ...options };
  const refuse = (name: string, expected: string, value: unknown): never => {
    throw new OptionError(`${where}: ${name} must be ${expected}, got ${describe(value)}`);
  };
  if (signal !== undefined && !isSignal(signal)) refuse('signal', 'an AbortSignal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    refuse('onProgress', 'a function', onProgress);
  if (profile !== undefined && typeof profile !== 'boolean') refuse('profile', 'true or false', profile);
}

/** By its looks: signals of other realms, and those of polyfills, are of other classes. */
const isSignal = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
