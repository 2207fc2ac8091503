import { cp, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { checkOptions, FormatError } from '../../errors';
import type { FloatDType } from '../../graph/dtype';
import type { Tensor } from '../../graph/tensor';
import { atomicFolder } from '../../io/atomicFolder';
import { readBytes } from '../../io/readBytes';
import { parseStrictJson } from '../../io/strictJson';
import { clip } from '../../ops/elementwise/activations';
import { add, mul, sub } from '../../ops/elementwise/arithmetic';
import { exp } from '../../ops/elementwise/math';
import { normal } from '../../random';
import type { CheckpointModel } from '../checkpoint/checkpointModel';
import { loadModel } from '../folder';
import type { JsonObject } from '../json';
import { DEFAULT_SCALING } from './autoencoder';
import { sampleLatents, type SampleOptions } from './sample';
import { loadScheduler } from './schedulers/load';
import type { Scheduler } from './schedulers/scheduler';

const INDEX = 'model_index.json';

export interface LoadPipelineOptions {
  /** Floats of another dtype are converted. Default: as they are stored. */
  readonly dtype?: FloatDType;
  readonly signal?: AbortSignal;
}

/** The parts of a pipeline; all of them may be replaced in `with`. */
export interface PipelineParts {
  readonly unet: CheckpointModel;
  readonly vae: CheckpointModel;
  readonly scheduler: Scheduler;
}

/** A Stable Diffusion folder: immutable, as its models are. */
export class DiffusionPipeline implements PipelineParts {
  readonly unet: CheckpointModel;
  readonly vae: CheckpointModel;
  readonly scheduler: Scheduler;
  /** Where it was loaded from. */
  readonly folder: string;
  readonly #options: LoadPipelineOptions;

  /**
   * Not for direct use: `loadPipeline` makes them.
   * @internal
   */
  constructor({ unet, vae, scheduler }: PipelineParts, folder: string, options: LoadPipelineOptions) {
    this.unet = unet;
    this.vae = vae;
    this.scheduler = scheduler;
    this.folder = folder;
    this.#options = options;
  }

  /** The same pipeline with other parts: an edited U-Net, a scheduler of another kind. */
  with(parts: Partial<PipelineParts>): DiffusionPipeline {
    const { unet, vae, scheduler } = this;
    return new DiffusionPipeline({ unet, vae, scheduler, ...parts }, this.folder, this.#options);
  }

  /** Loads the text encoder: its `hidden` outputs are the text states. @throws What `loadModel` throws. */
  textEncoder(): Promise<CheckpointModel> {
    return loadModel(join(this.folder, 'text_encoder'), this.#options);
  }

  /** Latents for texts: `sampleLatents` with the parts of this pipeline. */
  sample(options: SampleOptions): Promise<Tensor> {
    return sampleLatents(this.unet, this.scheduler, options);
  }

  /** Images [N, 3, H, W] with numbers of [0, 1] for latents. */
  decode(latents: Tensor): Tensor {
    const { parameters } = this.vae;
    const images = this.vae.forward(parameters, { latents: mul(latents, 1 / this.#scaling) });
    return clip(add(mul(images, 0.5), 0.5), { min: 0, max: 1 });
  }

  /** Latents for images with numbers of [0, 1]: drawn from their Gaussians with a key, else the means. */
  encode(images: Tensor, key?: Tensor): Tensor {
    const pixelValues = sub(mul(images, 2), 1);
    const { posterior } = this.vae.outputs(this.vae.parameters, { pixelValues });
    if (!posterior) throw new FormatError(`'${this.folder}': the vae gives no latents`);
    const { mean, logVariance } = posterior;
    const latents = key ? add(mean, mul(exp(mul(logVariance, 0.5)), normal(key, mean.shape))) : mean;
    return mul(latents, this.#scaling);
  }

  /**
   * Saves U-Net and autoencoder with their changes and copies everything else that is in the pipeline's folder. The folder appears as a
   * whole or not at all.
   * @throws PalimpsestError ERR_IO; AbortedError.
   */
  async save(folder: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (resolve(folder) === resolve(this.folder))
      throw new FormatError(
        `save: another folder than '${folder}' expected, which the parts are mapped from`,
      );
    await atomicFolder(
      folder,
      async (temporary) => {
        for (const name of await readdir(this.folder)) {
          if (name !== 'unet' && name !== 'vae')
            await cp(join(this.folder, name), join(temporary, name), { recursive: true });
        }
        await this.unet.save(join(temporary, 'unet'), options);
        await this.vae.save(join(temporary, 'vae'), options);
      },
      options,
    );
  }

  /** What latents are multiplied by, so that their deviation is about 1. */
  get #scaling(): number {
    const { scaling_factor: scaling = DEFAULT_SCALING } = this.vae.config;
    return scaling as number;
  }
}

/**
 * Loads a folder of Stable Diffusion 1 or 2 in the layout of `diffusers`: `model_index.json` with `unet`, `vae` and `scheduler`. Weights
 * are mapped; the text encoder is loaded when it is asked for. What else is there (safety checker, feature extractor) is left alone.
 *
 * @example
 * const pipeline = await loadPipeline('./stable-diffusion-v1-5');
 * const latents = await pipeline.sample({ textStates, unguidedStates, key: key(7), steps: 20 });
 * const images = pipeline.decode(latents);
 * @throws FormatError for a part that is missing or of another class; whatever `loadModel` throws.
 */
export async function loadPipeline(
  folder: string,
  options: LoadPipelineOptions = {},
): Promise<DiffusionPipeline> {
  checkOptions('loadPipeline', options, ['dtype', 'signal']);
  const path = join(folder, INDEX);
  const index = parseStrictJson((await readBytes(path, options.signal)).toString('utf8'), `'${path}'`);
  if (typeof index !== 'object' || index === null || Array.isArray(index))
    throw new FormatError(`'${path}': an object expected`);
  const parts = index as JsonObject;
  checkPart(path, parts, 'unet', 'UNet2DConditionModel');
  checkPart(path, parts, 'vae', 'AutoencoderKL');
  const [unet, vae, scheduler] = await Promise.all([
    loadModel(join(folder, 'unet'), options),
    loadModel(join(folder, 'vae'), options),
    loadScheduler(join(folder, 'scheduler'), options),
  ]);
  return new DiffusionPipeline({ unet, vae, scheduler }, folder, options);
}

/** Parts are `[library, class]`. */
function checkPart(path: string, index: JsonObject, name: string, expected: string): void {
  const entry = index[name];
  const found: unknown = Array.isArray(entry) ? entry[1] : undefined;
  if (found === expected) return;
  const got = found === undefined ? 'but it is missing' : `got ${JSON.stringify(found)}`;
  throw new FormatError(`'${path}': part '${name}': a ${expected} expected, ${got}`);
}
