import { add, mul, sub } from '../../../ops/elementwise/arithmetic';
import type { Fields } from '../../checkpoint/fields';
import { readNoiseSchedule, readSpacing, spacedSteps } from './noiseSchedule';
import type { Scheduler } from './scheduler';

/**
 * Euler's method along the probability flow (Karras et al. 2022, algorithm 1 without churn). Samples are `x0 + sigma noise` with
 * `sigma = sqrt((1 - a) / a)`; the network sees them over `sqrt(sigma^2 + 1)`:
 *
 *     x = x + (x - x0) / sigma (sigma_next - sigma)
 */
export function euler(fields: Fields): Scheduler {
  const schedule = readNoiseSchedule(fields);
  const spacing = readSpacing(fields, 'linspace');
  for (const name of ['use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas'])
    fields.only(name, false);
  fields.only('interpolation_type', 'linear');
  fields.only('timestep_type', 'discrete');
  fields.only('final_sigmas_type', 'zero');
  const { trainSteps, alphasCumprod, prediction } = schedule;
  if (prediction === 'sample')
    throw fields.refuse('prediction_type', "'sample' is not supported here, only epsilon or v_prediction");
  const sigmaAt = (t: number): number => {
    const low = Math.floor(t);
    const at = (i: number): number => {
      const a = alphasCumprod[Math.min(i, trainSteps - 1)] ?? 1;
      return Math.sqrt((1 - a) / a);
    };
    return at(low) + (t - low) * (at(low + 1) - at(low));
  };
  return {
    kind: 'EulerDiscreteScheduler',
    schedule,
    sampler: (steps) => {
      const rounded = spacedSteps(spacing, steps, trainSteps);
      // Evenly spaced steps need not be whole here.
      const timesteps =
        spacing.kind === 'linspace' && steps > 1
          ? rounded.map((_, i) => ((trainSteps - 1) / (steps - 1)) * (steps - 1 - i))
          : rounded;
      const sigmas = [...timesteps.map(sigmaAt), 0];
      const largest = Math.max(...sigmas);
      const sigma = (i: number): number => sigmas[i] ?? 0;
      return {
        timesteps,
        initialScale: spacing.kind === 'leading' ? Math.sqrt(largest ** 2 + 1) : largest,
        isRandom: false,
        input: (sample, i) => mul(sample, 1 / Math.sqrt(sigma(i) ** 2 + 1)),
        step: (i, { sample }, output) => {
          const [own, next] = [sigma(i), sigma(i + 1)];
          const size = Math.sqrt(own ** 2 + 1);
          const original =
            prediction === 'epsilon'
              ? sub(sample, mul(output, own))
              : sub(mul(sample, 1 / size ** 2), mul(output, own / size));
          return { sample: add(sample, mul(sub(sample, original), (next - own) / own)), outputs: [] };
        },
      };
    },
  };
}
