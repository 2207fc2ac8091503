import { FormatError, OptionError, PalimpsestError } from '../errors';
import type { Parameters } from '../graph/parameters';
import type { Tensor } from '../graph/tensor';
import type { HostTensor } from '../io/tensorBytes';
import { toJsonObject } from './json';
import { entrySchema, sealed, type LedgerEntry } from './ledgerEntry';
import { changesBetween, restored, type OldValues } from './weightChange';
import { weightsHash } from './weightsHash';

/** A change of weights to be recorded. */
export interface WeightsChange {
  readonly before: Parameters;
  readonly after: Parameters;
  readonly method: string;
  /** The method's options, defaults filled in: plain JSON data. */
  readonly options: object;
  /** SHA-256 of each data set that the method was given, under the names it has for them. */
  readonly dataDigest?: Readonly<Record<string, string>> | undefined;
  readonly measurements?: {
    readonly before?: Readonly<Record<string, number>> | undefined;
    readonly after?: Readonly<Record<string, number>> | undefined;
  };
  /** How long the method ran. Default 0. */
  readonly seconds?: number | undefined;
  /** Default: now. */
  readonly createdAt?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An entry with the old values that undo it. */
export interface LedgerRecord {
  readonly entry: LedgerEntry;
  readonly old: ReadonlyMap<string, OldValues>;
}

/**
 * The record of every change of a model's weights: what was done, with which options and data, what it changed and how it
 * measured. It only grows, and it keeps what it takes to undo every change to the bit. All entries are about one line of
 * weights: each begins where the one before it ended.
 *
 * @example
 * const ledger = new Ledger();
 * await ledger.record({ before: model.parameters, after: edited.parameters, method: 'ssd', options: edited.options });
 * const { parameters } = await ledger.undo(edited.parameters);     // the bits of model.parameters
 */
export class Ledger {
  readonly #records: LedgerRecord[];

  /** Not for direct use with records: `loadLedger` checks them. */
  constructor(records: Iterable<LedgerRecord> = []) {
    this.#records = [...records];
  }

  get entries(): readonly LedgerEntry[] {
    return this.#records.map(({ entry }) => entry);
  }

  get records(): readonly LedgerRecord[] {
    return [...this.#records];
  }

  /** Another ledger with the same entries, to be continued on its own. */
  copy(): Ledger {
    return new Ledger(this.#records);
  }

  /**
   * Adds an entry. The difference is taken by bits; per parameter the old values are kept, only those that changed where
   * this is less.
   * @throws PalimpsestError ERR_PARAMETER, ShapeError or DTypeError when before and after are not of one kind; ERR_VALUE
   *   when the weights before are not those that the last entry ended at; OptionError for options that are not JSON data;
   *   AbortedError. Nothing is recorded then.
   */
  async record(change: WeightsChange): Promise<LedgerEntry> {
    const { before, after, signal } = change;
    return this.#append(change, await weightsHash(before, signal), await weightsHash(after, signal));
  }

  /**
   * Gives the weights as they were before an entry, bit for bit, and records that.
   * @param parameters The weights that the entry ended at.
   * @param id Which entry. Default: the last that has not been undone and is no undoing itself.
   * @throws PalimpsestError ERR_VALUE when the weights are others, or nothing is left to undo; ERR_INDEX when there is no
   *   such entry; FormatError when the kept values do not lead back.
   */
  async undo(
    parameters: Parameters,
    id: number = this.#lastStanding(),
    options: { readonly signal?: AbortSignal; readonly createdAt?: Date } = {},
  ): Promise<{ readonly parameters: Parameters; readonly entry: LedgerEntry }> {
    const { signal } = options;
    const start = performance.now();
    const { entry, old } = this.#find(id);
    const hash = await weightsHash(parameters, signal);
    if (hash !== entry.weightsHashAfter) {
      throw new PalimpsestError(
        'ERR_VALUE',
        `ledger: entry ${id} ended at the weights ${short(entry.weightsHashAfter)}, but these are ${short(hash)}; ` +
          'undo later changes first',
      );
    }
    const replaced: [string, Tensor][] = [];
    try {
      for (const [name, values] of old) replaced.push([name, await restored(parameters.get(name), values)]);
      const after = parameters.with(replaced);
      const hashAfter = await weightsHash(after, signal);
      if (hashAfter !== entry.weightsHashBefore) {
        throw new FormatError(
          `ledger: the old values of entry ${id} do not lead back to the weights before it`,
        );
      }
      const seconds = (performance.now() - start) / 1000;
      const undoing = {
        before: parameters,
        after,
        method: 'undo',
        options: { entry: id },
        seconds,
        ...options,
      };
      return { parameters: after, entry: await this.#append(undoing, hash, hashAfter, id) };
    } catch (error) {
      for (const [, tensor] of replaced) tensor.dispose();
      throw error;
    }
  }

  /**
   * Checks that these are the weights that the last entry ended at. Without entries every weights will do.
   * @throws FormatError when they are not.
   */
  async check(parameters: Parameters, signal?: AbortSignal): Promise<void> {
    const last = this.#records.at(-1)?.entry;
    if (!last) return;
    const hash = await weightsHash(parameters, signal);
    if (hash === last.weightsHashAfter) return;
    throw new FormatError(
      `ledger: the weights are ${short(hash)}, but entry ${last.id}, the last, ended at ${short(last.weightsHashAfter)}: ` +
        'they were changed without being recorded',
    );
  }

  async #append(
    change: WeightsChange,
    hashBefore: string,
    hashAfter: string,
    undoes?: number,
  ): Promise<LedgerEntry> {
    const { before, after, method, measurements = {}, seconds = 0, createdAt = new Date(), signal } = change;
    if (!Number.isFinite(createdAt.getTime())) throw new OptionError('ledger: createdAt is not a valid date');
    const options = toJsonObject('ledger: options', change.options);
    const measured = {
      before: toJsonObject('ledger: measurements.before', measurements.before ?? {}) as Record<
        string,
        number
      >,
      after: toJsonObject('ledger: measurements.after', measurements.after ?? {}) as Record<string, number>,
    };
    const changes = await changesBetween(before, after, signal);
    const old = new Map(changes.map((one) => [one.name, one.old]));
    const oldValuesHash = await weightsHash(namedOldValues(old), signal);
    // From here on nothing waits, so that two recordings at once cannot both follow on the same entry.
    const last = this.#records.at(-1)?.entry;
    if (last && last.weightsHashAfter !== hashBefore) {
      throw new PalimpsestError(
        'ERR_VALUE',
        `ledger: '${method}' begins with the weights ${short(hashBefore)}, but entry ${last.id} ended at ` +
          `${short(last.weightsHashAfter)}; a change between them is not recorded`,
      );
    }
    const entry = sealed({
      id: this.#records.length + 1,
      method,
      options,
      dataDigest: toJsonObject('ledger: dataDigest', change.dataDigest ?? {}) as Record<string, string>,
      parametersTouched: changes.map(({ name, changed, old }) => ({
        name,
        changed,
        kept: old.indices ? 'changed' : 'all',
      })),
      weightsHashBefore: hashBefore,
      weightsHashAfter: hashAfter,
      measurements: measured,
      createdAt: createdAt.toISOString(),
      seconds,
      ...(undoes === undefined ? {} : { undoes }),
      oldValuesHash,
      previousHash: last?.hash ?? null,
    });
    const wrong = entrySchema.safeParse(entry).error?.issues[0];
    if (wrong) throw new OptionError(`ledger: ${wrong.path.join('.')}: ${wrong.message}`);
    this.#records.push({ entry, old });
    return entry;
  }

  #find(id: number): LedgerRecord {
    const record = this.#records[id - 1];
    if (record) return record;
    throw new PalimpsestError('ERR_INDEX', `ledger: there is no entry ${id}; it has ${this.#records.length}`);
  }

  #lastStanding(): number {
    const undone = new Set<number>();
    for (const { id, undoes } of this.entries.toReversed()) {
      if (undone.has(id)) continue;
      if (undoes === undefined) return id;
      undone.add(undoes);
    }
    throw new PalimpsestError('ERR_VALUE', 'ledger: there is nothing left to undo');
  }
}

/** The kept values of an entry as tensors with names. */
export function namedOldValues(old: ReadonlyMap<string, OldValues>): [string, Tensor | HostTensor][] {
  return [...old].flatMap(([name, { indices, values }]): [string, Tensor | HostTensor][] => [
    ...(indices ? [[`indices:${name}`, indices()] as [string, Tensor | HostTensor]] : []),
    [`values:${name}`, values()],
  ]);
}

const short = (hash: string): string => `${hash.slice(0, 12)}...`;
