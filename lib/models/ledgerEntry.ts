import { createHash } from 'node:crypto';

import { z } from 'zod';

import { FormatError } from '../errors';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits expected');
const measurements = z.record(z.string(), z.number());

export const entrySchema = z.strictObject({
  id: z.int().positive(),
  method: z.string(),
  options: z.record(z.string(), z.unknown()),
  dataDigest: z.record(z.string(), sha256),
  parametersTouched: z.array(
    z.strictObject({ name: z.string(), changed: z.int().positive(), kept: z.enum(['changed', 'all']) }),
  ),
  weightsHashBefore: sha256,
  weightsHashAfter: sha256,
  measurements: z.strictObject({ before: measurements, after: measurements }),
  createdAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  undoes: z.int().positive().optional(),
  oldValuesHash: sha256,
  previousHash: sha256.nullable(),
  hash: sha256,
});

/** One change of weights, as `ledger.json` holds it. */
export type LedgerEntry = DeepReadonly<z.infer<typeof entrySchema>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The entry with its hash, over all its other fields in this order. */
export function sealed(entry: Omit<LedgerEntry, 'hash'>): LedgerEntry {
  const fields: Omit<LedgerEntry, 'hash'> = {
    id: entry.id,
    method: entry.method,
    options: entry.options,
    dataDigest: entry.dataDigest,
    parametersTouched: entry.parametersTouched.map(({ name, changed, kept }) => ({ name, changed, kept })),
    weightsHashBefore: entry.weightsHashBefore,
    weightsHashAfter: entry.weightsHashAfter,
    measurements: { before: entry.measurements.before, after: entry.measurements.after },
    createdAt: entry.createdAt,
    seconds: entry.seconds,
    ...(entry.undoes === undefined ? {} : { undoes: entry.undoes }),
    oldValuesHash: entry.oldValuesHash,
    previousHash: entry.previousHash,
  };
  return { ...fields, hash: createHash('sha256').update(JSON.stringify(fields)).digest('hex') };
}

/**
 * Checks that entries are as they were written: each one's own hash, the one before it that it names, and that it began
 * with the weights that the one before ended at.
 * @throws FormatError that names the first entry which does not fit.
 */
export function checkChain(entries: readonly LedgerEntry[], where: string): void {
  for (const [i, entry] of entries.entries()) {
    const refuse = (reason: string): never => {
      throw new FormatError(`${where}: entry ${i + 1} ${reason}`);
    };
    const previous = i === 0 ? undefined : entries[i - 1];
    if (entry.id !== i + 1) refuse(`has the number ${entry.id}`);
    if (sealed(entry).hash !== entry.hash) refuse('was changed after it was written: its hash does not fit');
    if (entry.previousHash !== (previous?.hash ?? null)) refuse('does not follow on the one before it');
    if (previous && previous.weightsHashAfter !== entry.weightsHashBefore) {
      refuse('does not begin with the weights that the one before it ended at');
    }
    if (entry.undoes !== undefined && entry.undoes >= entry.id)
      refuse(`undoes entry ${entry.undoes}, a later one`);
  }
}
