import type { Tensor } from '../../../graph/tensor';
import { add, mul, sub } from '../../../ops/elementwise/arithmetic';
import type { Fields } from '../../checkpoint/fields';
import { partsOf, readNoiseSchedule, readSpacing, spacedSteps } from './noiseSchedule';
import { alphaAt, type Scheduler } from './scheduler';

/** Weights of the latest outputs in the slope, by how many there are (Adams and Bashforth). */
const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

const weighted = (outputs: readonly Tensor[], weights: readonly number[]): Tensor =>
  outputs
    .slice(0, weights.length)
    .map((output, i) => mul(output, weights[i] ?? 0))
    .reduce(add);

/**
 * Pseudo numerical methods (Liu et al. 2022) without Runge-Kutta steps, the scheduler of Stable Diffusion 1: a linear multistep of order
 * 4, whose first step is taken again with the mean of the slopes at both of its ends, so that n steps are n + 1 calls. With b for the a
 * that a step leads to and e the slope,
 *
 *     x = sqrt(b / a) x - (b - a) e / (a sqrt(1 - b) + sqrt(a (1 - a) b))
 */
export function pndm(fields: Fields): Scheduler {
  const schedule = readNoiseSchedule(fields);
  const spacing = readSpacing(fields);
  if (!fields.flag('skip_prk_steps', false))
    throw fields.refuse('skip_prk_steps', 'Runge-Kutta steps are not supported, only true');
  const { trainSteps, alphasCumprod, prediction } = schedule;
  if (prediction === 'sample')
    throw fields.refuse('prediction_type', "'sample' is not supported here, only epsilon or v_prediction");
  const final = fields.flag('set_alpha_to_one', false) ? 1 : (alphasCumprod[0] ?? 1);
  return {
    kind: 'PNDMScheduler',
    schedule,
    sampler: (steps) => {
      const once = spacedSteps(spacing, steps, trainSteps);
      // The second one is there twice: where the first step led to, and where the next begins.
      const timesteps = once.flatMap((t, i) => (i === 1 ? [t, t] : [t]));
      const stride = Math.floor(trainSteps / steps);
      return {
        timesteps,
        initialScale: 1,
        isRandom: false,
        input: (sample) => sample,
        step: (i, { sample: given, outputs, start }, output) => {
          const isAgain = i === 1;
          const t = (timesteps[i] ?? 0) + (isAgain ? stride : 0);
          const sample = isAgain ? (start ?? given) : given;
          const known = [output, ...outputs];
          const weights = isAgain ? [1 / 2, 1 / 2] : (WEIGHTS[Math.min(known.length, 4) - 1] ?? [1]);
          const [a, b] = [alphaAt(schedule, t, final), alphaAt(schedule, t - stride, final)];
          const { noise } = partsOf(prediction, a, sample, weighted(known, weights));
          const slope = mul(noise, (b - a) / (a * Math.sqrt(1 - b) + Math.sqrt(a * (1 - a) * b)));
          const next = sub(mul(sample, Math.sqrt(b / a)), slope);
          if (i === 0) return { sample: next, outputs: known, start: sample };
          return { sample: next, outputs: (isAgain ? outputs : known).slice(0, 3) };
        },
      };
    },
  };
}
