import { OptionError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import type { Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import type { CheckpointModel } from '../checkpoint/checkpointModel';
import { run, type ValuePatch } from '../hooks/run';
import { denoise, type DenoiseOptions } from './denoise';
import type { Scheduler } from './schedulers/scheduler';

export interface SampleOptions extends Omit<DenoiseOptions, 'shape'> {
  /** Height and width of latents. Default: those of `latents`, or the U-Net's `sample_size`. */
  readonly size?: readonly [height: number, width: number];
  /** Default: the U-Net's own. */
  readonly parameters?: Parameters;
  /** What replaces values of the U-Net at every step, as in `run`. With guidance, the unguided half of a batch comes first. */
  readonly patch?: Readonly<Record<string, ValuePatch>>;
}

/**
 * Latents [N, channels, h, w] drawn from a U-Net by a scheduler: `denoise` with the shapes of a configuration.
 *
 * @throws OptionError, ShapeError; AbortedError.
 */
export function sampleLatents(
  unet: CheckpointModel,
  scheduler: Scheduler,
  { size, parameters = unet.parameters, patch = {}, ...options }: SampleOptions,
): Promise<Tensor> {
  const shape = latentShape(unet, size ?? options.latents?.shape.slice(2), options.textStates);
  return denoise(
    (theta: Parameters, inputs) => run(unet, inputs, { parameters: theta, patch }).hidden,
    parameters,
    scheduler,
    { ...options, shape },
  );
}

function latentShape(
  { config }: CheckpointModel,
  given: readonly number[] | undefined,
  { shape: [count = 1] }: Tensor,
): Shape {
  const { in_channels: channels = 4, sample_size: side } = config;
  const [height, width] = given ?? sidesOf(side);
  if (height === undefined || width === undefined)
    throw new OptionError('sampleLatents: size expected, as the configuration has no sample_size');
  return [count, channels as number, height, width];
}

/** One number, or height and width. */
function sidesOf(size: unknown): readonly number[] {
  if (typeof size === 'number') return [size, size];
  return Array.isArray(size) ? (size as readonly number[]) : [];
}
