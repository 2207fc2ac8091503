import { OptionError } from '../../errors';

/** Throws unless every number is a positive integer. */
export function checkExtents(where: string, extents: Readonly<Record<string, number>>): void {
  for (const [name, extent] of Object.entries(extents)) {
    if (!(Number.isSafeInteger(extent) && extent > 0))
      throw new OptionError(`${where}: ${name} must be a positive integer, got ${extent}`);
  }
}

/** Throws unless `whole` is a multiple of `part`. */
export function checkMultiple(where: string, what: string, whole: number, part: number): void {
  if (whole % part !== 0) throw new OptionError(`${where}: ${what} expected, got ${whole} and ${part}`);
}
