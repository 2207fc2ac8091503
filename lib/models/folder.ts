import { join } from 'node:path';

import { checkOptions, FormatError, PalimpsestError } from '../errors';
import { recoverFolder } from '../io/atomicFolder';
import { systemCode } from '../io/ioError';
import { readBytes } from '../io/readBytes';
import { parseStrictJson } from '../io/strictJson';
import type { FloatDType } from '../graph/dtype';
import type { CheckpointModel } from './checkpoint/checkpointModel';
import { CONFIG, GENERATION } from './checkpoint/fileNames';
import { readWeights } from './checkpoint/weights';
import type { JsonObject } from './json';
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
  const config = (await readBytes(configPath, options.signal)).toString('utf8');
  const generationPath = join(folder, GENERATION);
  const generation = await textIfThere(generationPath, options.signal);
  return modelFromFiles({
    ...options,
    where: `'${configPath}'`,
    folder,
    config: parseStrictJson(config, `'${configPath}'`),
    files: await readWeights(folder, options.signal),
    generation: generation === undefined ? {} : jsonObjectOf(generation, generationPath),
    texts: { config, ...(generation === undefined ? {} : { generation }) },
  });
}

function jsonObjectOf(text: string, path: string): JsonObject {
  const value = parseStrictJson(text, `'${path}'`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new FormatError(`'${path}': an object expected`);
}

async function textIfThere(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return (await readBytes(path, signal)).toString('utf8');
  } catch (error) {
    if (error instanceof PalimpsestError && systemCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}
