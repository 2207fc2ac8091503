import { dirname, join } from 'node:path';

import { FormatError } from '../../errors';
import { Parameters } from '../../graph/parameters';
import { readBytes } from '../readBytes';
import { parseStrictJson } from '../strictJson';
import { decodeWeights, parseManifest, type WeightGroup } from './weights';

/** A model in one of the formats of TensorFlow.js. */
export interface TfjsModel {
  /** What the network is: a graph of operations, layers of Keras, or nothing where there are weights alone. */
  readonly format: 'graph' | 'layers' | 'weights';
  /** As it is written in the file; `undefined` where there is none. */
  readonly topology: unknown;
  /** All weights in the order of the file under the names they have there; quantised ones as numbers again. */
  readonly parameters: Parameters;
}

/**
 * Reads weights that were saved for TensorFlow.js: a `model.json` with its shards, or a `*-weights_manifest.json` as
 * face-api.js has them. Weights may be quantised to uint8, uint16 or float16.
 *
 * @example
 * const { parameters, format } = await readTfjsModel('model/model.json');
 * @throws FormatError that names the weight or field which is wrong; PalimpsestError ERR_IO.
 */
export async function readTfjsModel(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TfjsModel> {
  const { signal } = options;
  const where = `'${path}'`;
  const content = parseStrictJson((await readBytes(path, signal)).toString('utf8'), where);
  const { manifest, topology } = partsOf(content, where);
  return {
    format: formatOf(topology),
    topology,
    parameters: await readGroups(parseManifest(manifest, where), dirname(path), where, signal),
  };
}

async function readGroups(
  groups: readonly WeightGroup[],
  folder: string,
  where: string,
  signal: AbortSignal | undefined,
): Promise<Parameters> {
  const entries: (readonly [string, Parameters['tensors'][number]])[] = [];
  for (const group of groups) {
    const shards: Buffer[] = [];
    for (const path of group.paths) shards.push(await readBytes(join(folder, path), signal));
    entries.push(...decodeWeights(group, Buffer.concat(shards), where));
  }
  return new Parameters(entries);
}

/**
 * A model whose bytes are at hand already, for packages that hide their shards in scripts.
 * @throws FormatError as `readTfjsModel` does.
 */
export function decodeTfjsModel(content: unknown, shards: Uint8Array, where = 'decodeTfjsModel'): TfjsModel {
  const { manifest, topology } = partsOf(content, where);
  const groups = parseManifest(manifest, where);
  const all: WeightGroup = { paths: [], weights: groups.flatMap(({ weights }) => weights) };
  return { format: formatOf(topology), topology, parameters: decodeWeights(all, shards, where) };
}

function partsOf(content: unknown, where: string): { manifest: unknown; topology: unknown } {
  if (Array.isArray(content)) return { manifest: content, topology: undefined };
  if (typeof content !== 'object' || content === null || !('weightsManifest' in content))
    throw new FormatError(`${where}: a model needs a 'weightsManifest'`);
  return {
    manifest: content.weightsManifest,
    topology: 'modelTopology' in content ? content.modelTopology : undefined,
  };
}

function formatOf(topology: unknown): TfjsModel['format'] {
  if (typeof topology !== 'object' || topology === null) return 'weights';
  return 'node' in topology ? 'graph' : 'layers';
}
