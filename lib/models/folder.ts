import { join } from 'node:path';

import { PalimpsestError } from '../errors';
import { recoverFolder } from '../io/atomicFolder';
import { systemCode } from '../io/ioError';
import { readBytes } from '../io/readBytes';
import { parseStrictJson } from '../io/strictJson';
import { checkOptions } from '../errors';
import type { FloatDType } from '../graph/dtype';
import type { CheckpointModel } from './checkpoint/checkpointModel';
import { CONFIG, GENERATION } from './checkpoint/fileNames';
import { readWeights } from './checkpoint/weights';
import { toJsonObject, type JsonObject } from './json';
import { modelFromFiles } from './registry';

export { saveModel, type SaveOptions } from './save';

export interface LoadModelOptions {
  /** Floats of another dtype are converted. Default: as they are stored. */
  readonly dtype?: FloatDType;
  /** Fields of `config.json` that are not known here and said to have no bearing on results. */
  readonly ignoreFields?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Loads a model folder: one that palimpsest saved, or one of Hugging Face with `config.json` and `model.safetensors`, in one file or in
 * many with an index. The weights are mapped from the files under their own names and read when they are used.
 *
 * @example
 * const model = await loadModel('./gpt2');
 * const logits = await model.forward(model.parameters, tensor([[464, 2068]], { dtype: 'int32' })).data();
 * @throws FormatError that names the file and the field, parameter or tensor that is wrong or not supported; PalimpsestError ERR_IO.
 */
export async function loadModel(folder: string, options: LoadModelOptions = {}): Promise<CheckpointModel> {
  checkOptions('loadModel', options, ['dtype', 'ignoreFields', 'signal']);
  await recoverFolder(folder);
  const configPath = join(folder, CONFIG);
  const config = await readJson(configPath, options.signal);
  const files = await readWeights(folder, options.signal);
  return modelFromFiles({
    where: `'${configPath}'`,
    folder,
    config,
    files,
    generation: await generationOf(folder, options.signal),
    ...options,
  });
}

const readJson = async (path: string, signal: AbortSignal | undefined): Promise<unknown> =>
  parseStrictJson((await readBytes(path, signal)).toString('utf8'), `'${path}'`);

async function generationOf(folder: string, signal: AbortSignal | undefined): Promise<JsonObject> {
  const path = join(folder, GENERATION);
  try {
    return toJsonObject(`'${path}'`, (await readJson(path, signal)) as object);
  } catch (error) {
    if (error instanceof PalimpsestError && systemCode(error.cause) === 'ENOENT') return {};
    throw error;
  }
}
