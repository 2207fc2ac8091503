import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { checkOptions, FormatError, OptionError } from '../../errors';
import { checkParameters, type Parameters } from '../../graph/parameters';
import { Tensor, type RunOptions } from '../../graph/tensor';
import { checkPath, ioError } from '../../io/ioError';
import { atomicWrite } from '../../io/atomicWrite';
import { readBytes } from '../../io/readBytes';
import { parseStrictJson } from '../../io/strictJson';
import { weightsHash } from '../../models/weightsHash';
import { foldKey, key } from '../../random';
import type { PerExampleGradients } from '../../transforms';
import { checkObjective, type ExampleBatch, type LabelOptions, type Objective } from '../objective';
import { gradientsOf } from '../operators/fisher';
import { gradientMetadata, readGradients, writeGradients } from './gradientFile';

const MANIFEST = 'gradients.json';
const FORMAT = 'palimpsest gradient store 1';

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** SHA-256 of the weights. */
  weights: z.string(),
  examples: z.int().nonnegative(),
  shards: z.array(
    z.strictObject({
      file: z.string().regex(/^batch-\d+\.safetensors$/),
      examples: z.int().positive(),
      batch: z.string(),
    }),
  ),
});
type Manifest = z.infer<typeof manifestSchema>;

/** Gradients of many examples in a folder, one file per batch: factors only, read as they are asked for. */
export class GradientStore {
  readonly #folder: string;
  readonly #parameters: Parameters;
  readonly #manifest: Manifest;

  /** Made by `storeGradients` and `openGradients`. @internal */
  constructor(folder: string, parameters: Parameters, manifest: Manifest) {
    this.#folder = folder;
    this.#parameters = parameters;
    this.#manifest = manifest;
  }

  /** How many examples there are. */
  get size(): number {
    return this.#manifest.examples;
  }

  get parameters(): Parameters {
    return this.#parameters;
  }

  /** The gradients, batch after batch, in the order of the examples. @throws FormatError; PalimpsestError ERR_IO. */
  async *batches(): AsyncGenerator<PerExampleGradients<Parameters>> {
    for (const { file, examples } of this.#manifest.shards) {
      const gradients = await readGradients(join(this.#folder, file), this.#parameters);
      if (gradients.count !== examples)
        throw new FormatError(`'${file}' holds ${gradients.count} examples, the list says ${examples}`);
      yield gradients;
    }
  }
}

/**
 * Computes the gradients of all examples and stores their factors in a folder, one file per batch: memory stays that of one
 * batch. A run that was interrupted goes on where it stopped: files of the same weights and batches are kept.
 *
 * @example
 * const store = await storeGradients(objective, 'gradients');
 * @throws OptionError; ExampleAxisError; PalimpsestError ERR_IO; AbortedError. What was stored until then stays.
 */
export async function storeGradients<B extends ExampleBatch>(
  objective: Objective<B>,
  folder: string,
  options: LabelOptions = {},
  run: RunOptions = {},
): Promise<GradientStore> {
  checkObjective('storeGradients', objective);
  checkPath('storeGradients', folder);
  checkOptions('storeGradients', options, ['labels', 'seed']);
  const { labels = 'true', seed = 0 } = options;
  const { parameters } = objective;
  const weights = await weightsHash(parameters, run.signal);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw ioError('make', folder, error);
  });
  const base = key(seed);
  const shards: Manifest['shards'] = [];
  let examples = 0;
  for (const batch of objective.batches()) {
    const count = batch[0]?.shape[0] ?? 0;
    const digest = await weightsHash(
      [...batch].map((tensor, i) => [String(i), tensor] as const),
      run.signal,
    );
    const mark = { weights, batch: digest, labels: labels === 'true' ? labels : `${labels} ${seed}` };
    const file = `batch-${String(shards.length).padStart(6, '0')}.safetensors`;
    const path = join(folder, file);
    const stored = await gradientMetadata(path);
    const isThere = Object.entries(mark).every(([name, text]) => stored?.get(name) === text);
    if (!isThere) {
      const gradients = gradientsOf(
        'storeGradients',
        objective,
        { labels },
        foldKey(base, shards.length),
        batch,
      );
      await writeGradients(path, gradients, parameters, mark, run.signal);
      release(gradients, parameters, batch);
    }
    shards.push({ file, examples: count, batch: digest });
    examples += count;
    run.onProgress?.({ done: examples, total: objective.size ?? examples, phase: 'gradients' });
  }
  if (examples === 0) throw new OptionError('storeGradients: the objective has no examples');
  const manifest: Manifest = { format: FORMAT, weights, examples, shards };
  await atomicWrite(join(folder, MANIFEST), async (write) => {
    await write(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  });
  return new GradientStore(folder, parameters, manifest);
}

/** Frees what was written. */
function release(
  gradients: PerExampleGradients<Parameters>,
  parameters: Parameters,
  batch: ExampleBatch,
): void {
  const kept = new Set([...[...parameters].map(([, tensor]) => tensor), ...batch]);
  const tensors = gradients.sites.flat().flatMap((site) => Object.values(site) as unknown[]);
  for (const tensor of [...tensors, gradients.losses]) {
    if (tensor instanceof Tensor && !kept.has(tensor) && !tensor.disposed) tensor.dispose();
  }
}

/**
 * Opens what `storeGradients` has finished.
 *
 * @returns the store, and a warning when it was made for other weights.
 * @throws FormatError when it is no such folder, or unfinished; PalimpsestError ERR_IO.
 */
export async function openGradients(
  folder: string,
  parameters: Parameters,
  run: RunOptions = {},
): Promise<{ readonly store: GradientStore; readonly warnings: readonly string[] }> {
  checkPath('openGradients', folder);
  checkParameters('openGradients', parameters);
  const path = join(folder, MANIFEST);
  const text = Buffer.from(await readBytes(path)).toString('utf8');
  const result = manifestSchema.safeParse(parseStrictJson(text, `'${path}'`));
  if (!result.success) throw new FormatError(`'${path}': ${z.prettifyError(result.error)}`);
  const manifest = result.data;
  const isOther = manifest.weights !== (await weightsHash(parameters, run.signal));
  return {
    store: new GradientStore(folder, parameters, manifest),
    warnings: isOther ? [`'${folder}' was made for other weights of this model`] : [],
  };
}
