import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { FormatError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { ioError } from '../../io/ioError';
import { readBytes } from '../../io/readBytes';
import { readSafetensors, type SafetensorsFile } from '../../io/safetensors';
import { parseStrictJson } from '../../io/strictJson';
import { indexOf, isPickle, WEIGHT_STEMS, weightsOf } from './fileNames';

/** The tensors of a folder's files. Nothing is mapped until it is asked for. */
export class WeightFiles {
  readonly #files: ReadonlyMap<string, SafetensorsFile>;

  constructor(files: readonly SafetensorsFile[]) {
    const holders = new Map<string, SafetensorsFile>();
    for (const file of files) {
      for (const { name } of file.entries) {
        const other = holders.get(name);
        if (other) throw new FormatError(`'${file.path}': tensor '${name}' is in '${other.path}' too`);
        holders.set(name, file);
      }
    }
    this.#files = holders;
  }

  /** In the order of the files and of their data. */
  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** The path of the file that holds a tensor. */
  pathOf(name: string): string {
    return this.#file(name).path;
  }

  tensor(name: string): Tensor {
    return this.#file(name).tensor(name);
  }

  #file(name: string): SafetensorsFile {
    const file = this.#files.get(name);
    if (!file) throw new FormatError(`there is no tensor '${name}' in the files`);
    return file;
  }
}

/**
 * Opens `model.safetensors`, or all files that `model.safetensors.index.json` names; of `diffusers`
 * `diffusion_pytorch_model.safetensors` in the same way.
 * @throws FormatError for an index that does not fit the files, and for a folder that has its weights as pickles only.
 */
export async function readWeights(folder: string, signal: AbortSignal | undefined): Promise<WeightFiles> {
  const names = await readdir(folder).catch((error: unknown): never => {
    throw ioError('read', folder, error);
  });
  for (const stem of WEIGHT_STEMS) {
    const [whole, index] = [weightsOf(stem), indexOf(stem)];
    if (names.includes(whole)) return new WeightFiles([await readSafetensors(join(folder, whole))]);
    if (names.includes(index)) return readShards(join(folder, index), folder, signal);
  }
  const pickle = names.find(isPickle);
  if (pickle !== undefined) {
    throw new FormatError(
      `'${join(folder, pickle)}': PyTorch's pickles are programs, and running one that somebody else wrote is not safe, so they ` +
        'are not read. Convert it where you trust it, in Python: ' +
        'AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder, safe_serialization=True)',
    );
  }
  // Fails with the system's own reason.
  return new WeightFiles([await readSafetensors(join(folder, weightsOf(WEIGHT_STEMS[0])))]);
}

async function readShards(
  path: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<WeightFiles> {
  const index = parseStrictJson((await readBytes(path, signal)).toString('utf8'), `'${path}'`);
  const map =
    typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : undefined;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new FormatError(`'${path}': field 'weight_map': an object expected`);
  }
  const shards = new Set<string>();
  for (const [name, shard] of Object.entries(map)) {
    // A name with a folder in it could reach anywhere.
    if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard)) {
      throw new FormatError(
        `'${path}': tensor '${name}': the name of a safetensors file expected, got ${JSON.stringify(shard)}`,
      );
    }
    shards.add(shard);
  }
  const files = new WeightFiles(
    await Promise.all([...shards].sort().map((shard) => readSafetensors(join(folder, shard)))),
  );
  for (const [name, shard] of Object.entries(map)) {
    if (!files.has(name) || files.pathOf(name) !== join(folder, String(shard))) {
      throw new FormatError(`'${path}': tensor '${name}' is not in '${String(shard)}'`);
    }
  }
  return files;
}
