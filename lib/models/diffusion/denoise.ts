import { OptionError, ShapeError } from '../../errors';
import { compile } from '../../graph/compile';
import { tensor } from '../../graph/create';
import { evaluate } from '../../graph/evaluate';
import { formatShape, sameShape, type Shape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { tensorsOf } from '../../graph/tree';
import { checkAborted } from '../../io/abort';
import { add, cast, mul, sub } from '../../ops/elementwise/arithmetic';
import { concat } from '../../ops/shape/concat';
import { split } from '../../ops/shape/slice';
import { foldKey, normal, splitKey } from '../../random';
import type { DenoisingInputs } from '../inputs';
import type { SamplerOptions, SamplerState, Scheduler } from './schedulers/scheduler';

export interface DenoiseOptions extends RunOptions, SamplerOptions {
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
  /** Of the samples, [N, ...]. */
  readonly shape: Shape;
  /** What to begin with instead of noise of the key, of this shape and already of the sampler's scale. */
  readonly latents?: Tensor;
}

/** What a network predicts at one step of a diffusion, [1] for all examples: of the sample's shape. */
export type DenoisingFunction<P> = (
  parameters: P,
  inputs: DenoisingInputs & { readonly timestep: Tensor },
) => Tensor;

/**
 * Samples drawn from a denoising network by a scheduler, with classifier-free guidance: both branches are one batch, the one without the
 * text first. The network is compiled once; a step is computed before the next one is asked for.
 *
 * @throws OptionError, ShapeError; AbortedError.
 */
export async function denoise<P>(
  predict: DenoisingFunction<P>,
  parameters: P,
  scheduler: Scheduler,
  options: DenoiseOptions,
): Promise<Tensor> {
  const where = 'denoise';
  const { textStates, unguidedStates, key, shape, steps = 50, guidance = 7.5, latents } = options;
  const { signal, onProgress, eta, useClippedOutput } = options;
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
  if (latents && !sameShape(latents.shape, shape))
    throw new ShapeError(
      `${where}: latents ${formatShape(shape)} expected, got ${formatShape(latents.shape)}`,
    );
  const sampler = scheduler.sampler(steps, {
    ...(eta === undefined ? {} : { eta }),
    ...(useClippedOutput === undefined ? {} : { useClippedOutput }),
  });
  const [first, later] = splitKey(key);
  const context = isGuided && unguidedStates ? concat([unguidedStates, textStates], { axis: 0 }) : textStates;

  const predicted = compile(
    (theta: P, sample: Tensor, timestep: Tensor, states: Tensor, scale: Tensor): Tensor => {
      const both = isGuided ? concat([sample, sample], { axis: 0 }) : sample;
      const inputs = { sample: both, timestep, encoderHiddenStates: states };
      const output = cast(predict(theta, inputs), 'float32');
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
