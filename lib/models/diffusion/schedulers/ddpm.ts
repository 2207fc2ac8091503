import { add, mul } from '../../../ops/elementwise/arithmetic';
import type { Fields } from '../../checkpoint/fields';
import { readClipping } from './ddim';
import { partsOf, readNoiseSchedule, readSpacing, spacedSteps } from './noiseSchedule';
import { alphaAt, type Scheduler } from './scheduler';

/** Below this a variance is nothing. */
const SMALLEST = 1e-20;

/**
 * Denoising diffusion probabilistic models (Ho et al. 2020, equation 7): with b for the a of the step before and c = a / b,
 *
 *     x = sqrt(b) (1 - c) / (1 - a) x0 + sqrt(c) (1 - b) / (1 - a) x + sqrt(variance) z
 *
 * with variance (1 - b) / (1 - a) (1 - c), or 1 - c where `variance_type` is `fixed_large`; none behind the last step.
 */
export function ddpm(fields: Fields): Scheduler {
  const schedule = readNoiseSchedule(fields);
  const spacing = readSpacing(fields);
  const clipped = readClipping(fields);
  const kinds = ['fixed_small', 'fixed_small_log', 'fixed_large'];
  fields.only('variance_type', ...kinds);
  const isLarge = fields.text('variance_type', 'fixed_small') === 'fixed_large';
  return {
    kind: 'DDPMScheduler',
    schedule,
    sampler: (steps) => {
      const timesteps = spacedSteps(spacing, steps, schedule.trainSteps);
      return {
        timesteps,
        initialScale: 1,
        isRandom: true,
        input: (sample) => sample,
        step: (i, { sample }, output, noise) => {
          const t = timesteps[i] ?? 0;
          const [a, b] = [alphaAt(schedule, t, 1), alphaAt(schedule, timesteps[i + 1] ?? -1, 1)];
          const own = a / b;
          const { original } = partsOf(schedule.prediction, a, sample, output);
          const mean = add(
            mul(clipped(original), (Math.sqrt(b) * (1 - own)) / (1 - a)),
            mul(sample, (Math.sqrt(own) * (1 - b)) / (1 - a)),
          );
          const variance = isLarge ? 1 - own : Math.max(((1 - b) / (1 - a)) * (1 - own), SMALLEST);
          return {
            sample: noise && t > 0 ? add(mean, mul(noise, Math.sqrt(variance))) : mean,
            outputs: [],
          };
        },
      };
    },
  };
}
