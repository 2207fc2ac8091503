import { OptionError, ShapeError } from '../../errors';
import { compile } from '../../graph/compile';
import { tensor } from '../../graph/create';
import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import { formatShape, sameShape, type Shape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { tensorsOf } from '../../graph/tree';
import { checkAborted } from '../../io/abort';
import { add, cast, mul, sub } from '../../ops/elementwise/arithmetic';
import { concat } from '../../ops/shape/concat';
import { split } from '../../ops/shape/slice';
import { foldKey, normal, splitKey } from '../../random';
import type { CheckpointModel } from '../checkpoint/checkpointModel';
import { run, type ValuePatch } from '../hooks/run';
import type { SamplerState, Scheduler } from './schedulers/scheduler';

export interface SampleOptions extends RunOptions {
  /** The text, [N, S, width]. */
  readonly textStates: Tensor;
  /** What guidance leads away from: the states of an empty text, or of a negative prompt. Needed unless guidance is 1. */
  readonly unguidedStates?: Tensor;
  /** `u + guidance (c - u)` of the outputs with and without the text (Ho and Salimans 2022). Default 7.5; 1 is without. */
  readonly guidance?: number;
  /** Default 50. */
  readonly steps?: number;
  /** Of the first noise and of the noise of steps. The same key gives the same bits. */
  readonly key: Tensor;
  /** Height and width of latents. Default: the U-Net's `sample_size`. */
  readonly size?: readonly [height: number, width: number];
  /** What to begin with instead of noise of the key, [N, channels, h, w], already of the sampler's scale. */
  readonly latents?: Tensor;
  /** Of DDIM, see `SamplerOptions`. */
  readonly eta?: number;
  /** Default: the U-Net's own. */
  readonly parameters?: Parameters;
  /** What replaces values of the U-Net at every step, as in `run`. With guidance, the unguided half of a batch comes first. */
  readonly patch?: Readonly<Record<string, ValuePatch>>;
}

/**
 * Latents [N, channels, h, w] drawn from a denoising U-Net by a scheduler, with classifier-free guidance: both branches are one batch.
 * The network is compiled once; a step is computed before the next one is asked for.
 *
 * @throws OptionError, ShapeError; AbortedError.
 */
export async function sampleLatents(
  unet: CheckpointModel,
  scheduler: Scheduler,
  options: SampleOptions,
): Promise<Tensor> {
  const where = 'sampleLatents';
  const { textStates, unguidedStates, key, steps = 50, guidance = 7.5, eta, signal, onProgress } = options;
  const { parameters = unet.parameters, patch = {} } = options;
  const isGuided = guidance !== 1;
  if (!Number.isFinite(guidance))
    throw new OptionError(`${where}: guidance must be a number, got ${guidance}`);
  if (isGuided && !unguidedStates)
    throw new OptionError(`${where}: guidance of ${guidance} needs unguidedStates; guidance of 1 does not`);
  if (unguidedStates && !sameShape(unguidedStates.shape, textStates.shape)) {
    throw new ShapeError(
      `${where}: unguidedStates ${formatShape(textStates.shape)} expected, got ${formatShape(unguidedStates.shape)}`,
    );
  }
  const sampler = scheduler.sampler(steps, eta === undefined ? {} : { eta });
  const [first, later] = splitKey(key);
  const shape = latentShape(unet, textStates, options);
  const { latents } = options;
  if (latents && !sameShape(latents.shape, shape))
    throw new ShapeError(
      `${where}: latents ${formatShape(shape)} expected, got ${formatShape(latents.shape)}`,
    );
  const context = isGuided && unguidedStates ? concat([unguidedStates, textStates], { axis: 0 }) : textStates;

  const predicted = compile(
    (theta: Parameters, sample: Tensor, timestep: Tensor, states: Tensor, scale: Tensor): Tensor => {
      const both = isGuided ? concat([sample, sample], { axis: 0 }) : sample;
      const inputs = { sample: both, timestep, encoderHiddenStates: states };
      const output = cast(run(unet, inputs, { parameters: theta, patch }).hidden, 'float32');
      if (!isGuided) return output;
      const [without = output, withText = output] = split(output, 2, { axis: 0 });
      return add(without, mul(sub(withText, without), scale));
    },
  ).withOptions(signal ? { signal } : {});

  // Steps are in float32 whatever the network's dtype is: they are few and add up.
  const start = latents ? cast(latents, 'float32') : mul(normal(first, shape), sampler.initialScale);
  let state: SamplerState = { sample: start, outputs: [] };
  using scale = tensor(Float32Array.of(guidance));
  await evaluate([state, context, scale], { signal });
  const total = sampler.timesteps.length;
  for (const [i, t] of sampler.timesteps.entries()) {
    checkAborted(where, signal);
    const timestep = tensor(Float32Array.of(t));
    const shown = sampler.input(state.sample, i);
    const output = await predicted(parameters, shown, timestep, context, scale);
    const noise = sampler.isRandom ? normal(foldKey(later, i), shape) : undefined;
    const next = sampler.step(i, state, output, noise);
    await evaluate(next, { signal });
    const kept = new Set<Tensor | undefined>([...tensorsOf(next), latents]);
    for (const old of tensorsOf([state, timestep, shown, output, noise])) if (!kept.has(old)) old.dispose();
    state = next;
    onProgress?.({ done: i + 1, total });
  }
  return state.sample;
}

function latentShape(
  unet: CheckpointModel,
  { shape: [count = 1] }: Tensor,
  { size, latents }: SampleOptions,
): Shape {
  const { in_channels: channels = 4, sample_size: side } = unet.config;
  const [height, width] = size ?? latents?.shape.slice(2) ?? sidesOf(side);
  if (height === undefined || width === undefined)
    throw new OptionError('sampleLatents: size expected, as the configuration has no sample_size');
  return [count, channels as number, height, width];
}

/** One number, or height and width. */
function sidesOf(size: unknown): readonly number[] {
  if (typeof size === 'number') return [size, size];
  return Array.isArray(size) ? (size as readonly number[]) : [];
}
