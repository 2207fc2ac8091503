import { OptionError } from '../../../errors';
import { tensor } from '../../../graph/create';
import type { Tensor } from '../../../graph/tensor';
import { add, cast, mul, sub } from '../../../ops/elementwise/arithmetic';
import { take } from '../../../ops/indexing/take';
import { reshape } from '../../../ops/shape/reshape';
import type { Fields } from '../../checkpoint/fields';

/** What the output of a denoising network is: the noise, the clean sample, or `v = sqrt(a) noise - sqrt(1 - a) sample`. */
export type PredictionType = 'epsilon' | 'sample' | 'v_prediction';
const PREDICTIONS: readonly string[] = ['epsilon', 'sample', 'v_prediction'];
const SPACINGS: readonly string[] = ['leading', 'linspace', 'trailing'];
type Spacing = 'leading' | 'linspace' | 'trailing';

/**
 * How a diffusion adds noise: `x_t = sqrt(a_t) x + sqrt(1 - a_t) noise` with `a_t` the product of `1 - beta` up to step t (Ho et al.
 * 2020). Kept in float64.
 */
export interface NoiseSchedule {
  readonly trainSteps: number;
  /** a_t for t from 0 to trainSteps - 1. */
  readonly alphasCumprod: Float64Array;
  readonly prediction: PredictionType;
}

/** Reads betas and what the network predicts. Defaults are those of `diffusers`. */
export function readNoiseSchedule(fields: Fields): NoiseSchedule {
  const trainSteps = fields.extent('num_train_timesteps', 1000);
  const [start, end] = [fields.number('beta_start', 0.0001), fields.number('beta_end', 0.02)];
  const kind = fields.text('beta_schedule', 'linear');
  if (kind !== 'linear' && kind !== 'scaled_linear')
    throw fields.refuse('beta_schedule', `'${kind}' is not supported, only linear or scaled_linear`);
  fields.only('rescale_betas_zero_snr', false);
  const prediction = fields.text('prediction_type', 'epsilon');
  if (!PREDICTIONS.includes(prediction))
    throw fields.refuse(
      'prediction_type',
      `'${prediction}' is not supported, only ${PREDICTIONS.join(', ')}`,
    );
  const given = fields.has('trained_betas') ? fields.numbers('trained_betas') : undefined;
  if (given && given.length !== trainSteps)
    throw fields.refuse('trained_betas', `${trainSteps} numbers expected, got ${given.length}`);
  const between = (from: number, to: number, t: number): number =>
    trainSteps === 1 ? from : from + ((to - from) * t) / (trainSteps - 1);
  const alphasCumprod = new Float64Array(trainSteps);
  let product = 1;
  for (let t = 0; t < trainSteps; t++) {
    const linear =
      kind === 'linear' ? between(start, end, t) : between(Math.sqrt(start), Math.sqrt(end), t) ** 2;
    product *= 1 - (given?.[t] ?? linear);
    alphasCumprod[t] = product;
  }
  if (!(product > 0 && product < 1)) throw fields.refuse('beta_end', 'betas between 0 and 1 expected');
  return { trainSteps, alphasCumprod, prediction: prediction as PredictionType };
}

/** Where the steps of a run lie among those of training. */
export interface StepSpacing {
  readonly kind: Spacing;
  readonly offset: number;
}

export function readSpacing(fields: Fields, fallback: Spacing = 'leading'): StepSpacing {
  const kind = fields.text('timestep_spacing', fallback);
  if (!SPACINGS.includes(kind))
    throw fields.refuse('timestep_spacing', `'${kind}' is not supported, only ${SPACINGS.join(', ')}`);
  return { kind: kind as Spacing, offset: fields.number('steps_offset', 0) };
}

/**
 * The steps of a run, from the noisiest down (Lin et al. 2024, table 2). @throws OptionError unless `steps` is from 1 to `trainSteps`, and
 * when an offset leads out of them.
 */
export function spacedSteps({ kind, offset }: StepSpacing, steps: number, trainSteps: number): number[] {
  if (!Number.isSafeInteger(steps) || steps < 1 || steps > trainSteps)
    throw new OptionError(`scheduler: steps from 1 to ${trainSteps} expected, got ${steps}`);
  const step = (i: number): number => {
    if (kind === 'linspace') return steps === 1 ? 0 : toEven(((trainSteps - 1) / (steps - 1)) * i);
    if (kind === 'leading') return i * Math.floor(trainSteps / steps) + offset;
    return toEven(trainSteps - (steps - 1 - i) * (trainSteps / steps)) - 1;
  };
  const all = Array.from({ length: steps }, (_, i) => step(steps - 1 - i));
  const outside = all.find((t) => !(t >= 0 && t < trainSteps));
  if (outside === undefined) return all;
  throw new OptionError(
    `scheduler: ${steps} steps with an offset of ${offset} lead to step ${outside} of ${trainSteps}`,
  );
}

/** Rounded as NumPy does it. */
function toEven(x: number): number {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}

/** The clean sample and the noise that an output means at a step with this a. */
export function partsOf(
  prediction: PredictionType,
  a: number,
  sample: Tensor,
  output: Tensor,
): { readonly original: Tensor; readonly noise: Tensor } {
  const [signal, rest] = [Math.sqrt(a), Math.sqrt(1 - a)];
  switch (prediction) {
    case 'epsilon':
      return { original: mul(sub(sample, mul(output, rest)), 1 / signal), noise: output };
    case 'sample':
      return { original: output, noise: mul(sub(sample, mul(output, signal)), 1 / rest) };
    case 'v_prediction':
      return {
        original: sub(mul(sample, signal), mul(output, rest)),
        noise: add(mul(output, signal), mul(sample, rest)),
      };
  }
}

/** Factors of signal and noise at the steps t [N], each shaped to go with x [N, ...]. */
function factorsAt({ alphasCumprod }: NoiseSchedule, x: Tensor, t: Tensor): readonly [Tensor, Tensor] {
  const shape = x.shape.map((n, axis) => (axis === 0 ? n : 1));
  const at = (factor: (a: number) => number): Tensor => {
    const table = tensor(Float32Array.from(alphasCumprod, factor));
    return reshape(cast(take(table, t), x.dtype), shape);
  };
  return [at(Math.sqrt), at((a) => Math.sqrt(1 - a))];
}

/** x [N, ...] with noise at the steps t, int32 [N]: `sqrt(a_t) x + sqrt(1 - a_t) noise`. */
export function addNoise(schedule: NoiseSchedule, x: Tensor, noise: Tensor, t: Tensor): Tensor {
  const [signal, rest] = factorsAt(schedule, x, t);
  return add(mul(x, signal), mul(noise, rest));
}

/** What a network that predicts v should give for it: `sqrt(a_t) noise - sqrt(1 - a_t) x` (Salimans and Ho 2022). */
export function velocity(schedule: NoiseSchedule, x: Tensor, noise: Tensor, t: Tensor): Tensor {
  const [signal, rest] = factorsAt(schedule, x, t);
  return sub(mul(noise, signal), mul(x, rest));
}
