import { copyFile, cp, link, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { OptionError, PalimpsestError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { atomicFolder } from '../io/atomicFolder';
import { atomicWrite, isTemporary } from '../io/atomicWrite';
import { ioError, systemCode } from '../io/ioError';
import { writeSafetensors } from '../io/writeSafetensors';
import {
  CONFIG,
  GENERATION,
  isTokenizerFile,
  indexOf,
  isWeights,
  stemFor,
  weightsOf,
} from './checkpoint/fileNames';
import { toJsonObject } from './json';
import type { Ledger } from './ledger';
import { LEDGER_FILES, writeLedger } from './ledgerFiles';
import type { Model } from './model';

const DEFAULT_SHARD_BYTES = 5_000_000_000;

export interface SaveOptions {
  /** What was done to the weights, written beside them. Must end at these very weights. */
  readonly ledger?: Ledger | undefined;
  /** Weights of more bytes are cut into files of at most so many, with an index. Default 5e9. A larger tensor has a file of its own. */
  readonly maxShardBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a loaded model has to be saved besides its parameters. */
interface Stored {
  readonly texts: { readonly config: string; readonly generation?: string };
  readonly folder: string;
  tensors(): (readonly [string, Tensor])[];
}
const storedOf = (model: Model): Partial<Stored> => ('tensors' in model ? (model as Partial<Stored>) : {});

/**
 * Saves a model as a folder: `config.json`, `model.safetensors` (or shards of it with an index), and the ledger's files. The folder
 * appears as a whole or not at all. An existing model folder is replaced; files in it that are not the model's own (a tokenizer,
 * notes) are taken over, but for weights in other formats, which would still be those of before. A model that was loaded elsewhere
 * brings its tokenizer's files. The same model gives the same bytes.
 *
 * @example
 * await saveModel('./digits', model, { ledger });
 * @throws PalimpsestError ERR_IO, also when the folder exists and holds no model: it is left alone then. FormatError
 *   when the ledger ends at other weights. AbortedError.
 */
export async function saveModel(folder: string, model: Model, options: SaveOptions = {}): Promise<void> {
  const { ledger, signal, maxShardBytes = DEFAULT_SHARD_BYTES } = options;
  if (!(maxShardBytes > 0))
    throw new OptionError(`saveModel: maxShardBytes must be positive, got ${maxShardBytes}`);
  const config = toJsonObject('saveModel: config', model.config);
  const stored = storedOf(model);
  await ledger?.check(model.parameters, signal);
  await atomicFolder(
    folder,
    async (temporary) => {
      await takeOver(folder, temporary);
      if (stored.folder !== undefined && resolve(stored.folder) !== resolve(folder)) {
        await bringTokenizer(stored.folder, temporary);
      }
      const { texts = { config: jsonText(config) } } = stored;
      await atomicWrite(join(temporary, CONFIG), texts.config, { signal });
      if (texts.generation !== undefined) {
        await atomicWrite(join(temporary, GENERATION), texts.generation, { signal });
      }
      const entries = stored.tensors?.() ?? [...model.parameters];
      await writeWeights(temporary, stemFor(config), entries, maxShardBytes, signal);
      if (ledger && ledger.entries.length > 0) await writeLedger(temporary, ledger, { signal });
    },
    { signal },
  );
}

const jsonText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

type Entry = readonly [string, Tensor];

async function writeWeights(
  folder: string,
  stem: string,
  entries: readonly Entry[],
  maxShardBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const shards = shardsOf(entries, maxShardBytes);
  // The format's name for whose conventions names and layouts follow; other tools ask for it.
  const options = { metadata: { format: 'pt' }, signal };
  if (shards.length <= 1) {
    await writeSafetensors(join(folder, weightsOf(stem)), entries, options);
    return;
  }
  const five = (number: number): string => String(number).padStart(5, '0');
  const weightMap: [string, string][] = [];
  for (const [i, shard] of shards.entries()) {
    const name = `${stem}-${five(i + 1)}-of-${five(shards.length)}.safetensors`;
    await writeSafetensors(join(folder, name), shard, options);
    weightMap.push(...shard.map(([tensor]) => [tensor, name] as [string, string]));
  }
  const totalSize = entries.reduce((total, [, { bytes }]) => total + bytes, 0);
  const index = { metadata: { total_size: totalSize }, weight_map: Object.fromEntries(weightMap) };
  await atomicWrite(join(folder, indexOf(stem)), jsonText(index), { signal });
}

/** Tensors in their order, a new shard where the next would be too much. */
function shardsOf(entries: readonly Entry[], maxShardBytes: number): Entry[][] {
  const shards: Entry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += entry[1].bytes;
    const last = shards.at(-1);
    if (last && bytes <= maxShardBytes) last.push(entry);
    else {
      shards.push([entry]);
      bytes = entry[1].bytes;
    }
  }
  return shards;
}

async function bringTokenizer(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch((): string[] => []);
  for (const name of names.filter(isTokenizerFile)) await copyFile(join(from, name), join(to, name));
}

/** Gives the new folder what is in the old one and not the model's own. */
async function takeOver(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return [];
    throw ioError('replace', from, error);
  });
  if (names.length > 0 && !names.includes(CONFIG)) {
    throw new PalimpsestError(
      'ERR_IO',
      `saveModel: '${from}' holds files but no ${CONFIG}, so it is not a model's folder and will not be replaced`,
    );
  }
  for (const name of names.filter((name) => !isOwn(name) && !isTemporary(name))) {
    const [source, target] = [join(from, name), join(to, name)];
    // A second name for the same file costs nothing; a folder, or a file system without such names, has to be copied.
    await link(source, target).catch(() => cp(source, target, { recursive: true, verbatimSymlinks: true }));
  }
}

const isOwn = (name: string): boolean => name === CONFIG || isWeights(name) || LEDGER_FILES.includes(name);
