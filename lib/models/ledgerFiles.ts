import { join } from 'node:path';

import { z } from 'zod';

import { FormatError, PalimpsestError } from '../errors';
import { sizeOf } from '../graph/shape';
import type { Parameters } from '../graph/parameters';
import { atomicWrite, type WriteOptions } from '../io/atomicWrite';
import { systemCode } from '../io/ioError';
import { readBytes } from '../io/readBytes';
import { readSafetensors, type SafetensorsFile } from '../io/safetensors';
import { parseStrictJson } from '../io/strictJson';
import { writeSafetensors } from '../io/writeSafetensors';
import { Ledger, namedOldValues, type LedgerRecord } from './ledger';
import { checkChain, entrySchema, type LedgerEntry } from './ledgerEntry';
import { validated } from './validated';
import type { OldValues } from './weightChange';
import { weightsHash } from './weightsHash';

const ENTRIES = 'ledger.json';
const OLD_VALUES = 'ledger.safetensors';

/** The files of a ledger in a model's folder: the entries, and the old values that undo them. */
export const LEDGER_FILES: readonly string[] = [ENTRIES, OLD_VALUES];

const schema = z.strictObject({
  format: z.literal('palimpsest-ledger'),
  version: z.literal(1),
  entries: z.array(entrySchema),
});

/** Writes a ledger into a folder: each file whole or not at all, the entries last. */
export async function writeLedger(folder: string, ledger: Ledger, options: WriteOptions = {}): Promise<void> {
  const { records } = ledger;
  const tensors = records.flatMap(({ entry, old }) =>
    namedOldValues(old).map(([name, source]) => [`${entry.id}:${name}`, source] as const),
  );
  const content = { format: 'palimpsest-ledger', version: 1, entries: records.map(({ entry }) => entry) };
  await writeSafetensors(join(folder, OLD_VALUES), tensors, options);
  await atomicWrite(join(folder, ENTRIES), `${JSON.stringify(content, null, 2)}\n`, options);
}

export interface LoadLedgerOptions {
  /** The model's weights: checked to be those that the last entry ended at. */
  readonly parameters?: Parameters;
  readonly signal?: AbortSignal;
}

/**
 * Loads the ledger of a model's folder; an empty one when there is none. Everything is checked before it is believed: the
 * chain of entries, the hashes of the kept values, and the model's weights when they are given. The values themselves
 * stay in the file, mapped, until something is undone.
 *
 * @example
 * const model = await loadModel('./digits');
 * const ledger = await loadLedger('./digits', { parameters: model.parameters });
 * @throws FormatError that names the file, the entry and what does not fit; PalimpsestError ERR_IO.
 */
export async function loadLedger(folder: string, options: LoadLedgerOptions = {}): Promise<Ledger> {
  const { parameters, signal } = options;
  const path = join(folder, ENTRIES);
  const entries = await readEntries(path, signal);
  if (!entries) return new Ledger();
  checkChain(entries, `'${path}'`);
  const file = await readSafetensors(join(folder, OLD_VALUES));
  const expected = new Set<string>();
  const records: LedgerRecord[] = [];
  for (const entry of entries) {
    const old = oldValuesOf(entry, file, expected);
    if ((await weightsHash(namedOldValues(old), signal)) !== entry.oldValuesHash) {
      throw new FormatError(
        `'${file.path}': the old values of entry ${entry.id} were changed: their hash does not fit`,
      );
    }
    records.push({ entry, old });
  }
  const unknown = file.entries.find(({ name }) => !expected.has(name));
  if (unknown) throw new FormatError(`'${file.path}': '${unknown.name}' belongs to no entry`);
  const ledger = new Ledger(records);
  if (parameters) await ledger.check(parameters, signal);
  return ledger;
}

async function readEntries(
  path: string,
  signal: AbortSignal | undefined,
): Promise<LedgerEntry[] | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readBytes(path, signal);
  } catch (error) {
    if (error instanceof PalimpsestError && systemCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
  const where = `'${path}'`;
  return validated(schema, parseStrictJson(bytes.toString('utf8'), where), where).entries;
}

/**
 * The kept values of an entry; notes the names of the tensors that it uses. Each look at them maps them anew, so that no
 * `tidy` around the loading can free them.
 */
function oldValuesOf(entry: LedgerEntry, file: SafetensorsFile, used: Set<string>): Map<string, OldValues> {
  const checked = (role: string, name: string): string => {
    const key = `${entry.id}:${role}:${name}`;
    if (!file.has(key))
      throw new FormatError(`'${file.path}': '${key}', which undoes entry ${entry.id}, is missing`);
    used.add(key);
    return key;
  };
  return new Map(
    entry.parametersTouched.map(({ name, changed, kept }) => {
      const values = checked('values', name);
      if (kept === 'all') return [name, { values: () => file.tensor(values) }];
      const indices = checked('indices', name);
      for (const key of [values, indices]) {
        if (sizeOf(file.tensor(key).shape) === changed) continue;
        throw new FormatError(`'${file.path}': '${key}' should hold ${changed} numbers`);
      }
      return [name, { indices: () => file.tensor(indices), values: () => file.tensor(values) }];
    }),
  );
}
