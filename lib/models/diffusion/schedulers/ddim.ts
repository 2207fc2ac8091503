import { OptionError } from '../../../errors';
import type { Tensor } from '../../../graph/tensor';
import { clip } from '../../../ops/elementwise/activations';
import { add, mul, sub } from '../../../ops/elementwise/arithmetic';
import type { Fields } from '../../checkpoint/fields';
import { partsOf, readNoiseSchedule, readSpacing, spacedSteps } from './noiseSchedule';
import { alphaAt, type Scheduler } from './scheduler';

/** Clips clean samples, where a configuration says so. */
export function readClipping(fields: Fields): (original: Tensor) => Tensor {
  fields.only('thresholding', false);
  fields.ignore('dynamic_thresholding_ratio', 'sample_max_value');
  const range = fields.number('clip_sample_range', 1);
  return fields.flag('clip_sample', true) ? (x) => clip(x, { min: -range, max: range }) : (x) => x;
}

/** The noise that leads from a clean sample to this one. */
const noiseOf = (a: number, sample: Tensor, original: Tensor): Tensor =>
  mul(sub(sample, mul(original, Math.sqrt(a))), 1 / Math.sqrt(1 - a));

/**
 * Denoising diffusion implicit models (Song et al. 2021): with the clean sample x0 and the noise that an output means, and b for the a
 * of the step before,
 *
 *     x = sqrt(b) x0 + sqrt(1 - b - s^2) noise + s z,   s = eta sqrt((1 - b) / (1 - a) (1 - a / b))
 */
export function ddim(fields: Fields): Scheduler {
  const schedule = readNoiseSchedule(fields);
  const spacing = readSpacing(fields);
  const clipped = readClipping(fields);
  const { trainSteps, alphasCumprod, prediction } = schedule;
  const final = fields.flag('set_alpha_to_one', true) ? 1 : (alphasCumprod[0] ?? 1);
  return {
    kind: 'DDIMScheduler',
    schedule,
    sampler: (steps, { eta = 0, useClippedOutput = false } = {}) => {
      if (!(eta >= 0 && eta <= 1)) throw new OptionError(`scheduler: eta from 0 to 1 expected, got ${eta}`);
      const timesteps = spacedSteps(spacing, steps, trainSteps);
      return {
        timesteps,
        initialScale: 1,
        isRandom: eta > 0,
        input: (sample) => sample,
        step: (i, { sample }, output, noise) => {
          const t = timesteps[i] ?? 0;
          const a = alphaAt(schedule, t, final);
          const b = alphaAt(schedule, t - Math.floor(trainSteps / steps), final);
          const parts = partsOf(prediction, a, sample, output);
          const deviation = eta * Math.sqrt(((1 - b) / (1 - a)) * (1 - a / b));
          const original = clipped(parts.original);
          const towards = useClippedOutput ? noiseOf(a, sample, original) : parts.noise;
          const direction = mul(towards, Math.sqrt(Math.max(1 - b - deviation ** 2, 0)));
          const next = add(mul(original, Math.sqrt(b)), direction);
          return { sample: noise && eta > 0 ? add(next, mul(noise, deviation)) : next, outputs: [] };
        },
      };
    },
  };
}
