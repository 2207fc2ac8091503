import { cp, link, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { PalimpsestError } from '../errors';
import { atomicFolder, recoverFolder } from '../io/atomicFolder';
import { atomicWrite, isTemporary } from '../io/atomicWrite';
import { ioError, systemCode } from '../io/ioError';
import { readBytes } from '../io/readBytes';
import { readSafetensors } from '../io/safetensors';
import { parseStrictJson } from '../io/strictJson';
import { writeSafetensors } from '../io/writeSafetensors';
import { toJsonObject } from './json';
import type { Ledger } from './ledger';
import { LEDGER_FILES, writeLedger } from './ledgerFiles';
import type { Model } from './model';
import { modelFrom } from './registry';

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const OWN_FILES: ReadonlySet<string> = new Set([CONFIG, WEIGHTS, ...LEDGER_FILES]);

export interface SaveOptions {
  /** What was done to the weights, written beside them. Must end at these very weights. */
  readonly ledger?: Ledger | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Saves a model as a folder: `config.json`, `model.safetensors`, and the ledger's files. The folder appears as a whole
 * or not at all. An existing model folder is replaced; files in it that are not the model's own (a tokenizer, notes) are
 * taken over. The same model gives the same bytes.
 *
 * @example
 * await saveModel('./digits', model, { ledger });
 * @throws PalimpsestError ERR_IO, also when the folder exists and holds no model: it is left alone then. FormatError
 *   when the ledger ends at other weights. AbortedError.
 */
export async function saveModel(folder: string, model: Model, options: SaveOptions = {}): Promise<void> {
  const { ledger, signal } = options;
  const config = toJsonObject('saveModel: config', model.config);
  await ledger?.check(model.parameters, signal);
  await atomicFolder(
    folder,
    async (temporary) => {
      await takeOver(folder, temporary);
      await atomicWrite(join(temporary, CONFIG), `${JSON.stringify(config, null, 2)}\n`, { signal });
      // The format's name for whose conventions names and layouts follow; other tools ask for it.
      await writeSafetensors(join(temporary, WEIGHTS), model.parameters, {
        metadata: { format: 'pt' },
        signal,
      });
      if (ledger && ledger.entries.length > 0) await writeLedger(temporary, ledger, { signal });
    },
    { signal },
  );
}

/**
 * Loads a model folder. The weights are mapped from the file, in its order, and read when they are used.
 *
 * @example
 * const model = await loadModel('./digits');
 * const logits = await model.forward(model.parameters, images).data();
 * @throws FormatError that names the file and the field, parameter or tensor that is wrong; PalimpsestError ERR_IO.
 */
export async function loadModel(
  folder: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Model> {
  await recoverFolder(folder);
  const configPath = join(folder, CONFIG);
  const text = (await readBytes(configPath, options.signal)).toString('utf8');
  const config = parseStrictJson(text, `'${configPath}'`);
  const file = await readSafetensors(join(folder, WEIGHTS));
  return modelFrom(config, file.parameters(), `'${configPath}'`);
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
  for (const name of names.filter((name) => !OWN_FILES.has(name) && !isTemporary(name))) {
    const [source, target] = [join(from, name), join(to, name)];
    // A second name for the same file costs nothing; a folder, or a file system without such names, has to be copied.
    await link(source, target).catch(() => cp(source, target, { recursive: true, verbatimSymlinks: true }));
  }
}
