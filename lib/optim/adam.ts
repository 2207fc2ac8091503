import { checkOptions } from '../errors';
import { stack } from '../ops/shape/concat';
import { full, pow, sub } from '../ops/elementwise/arithmetic';
import { adamStep } from '../ops/training/optimizerStep';
import { checkNumber, optimizerOf, type Optimizer, type Schedule } from './optimizer';

export interface AdamOptions {
  /** Default 1e-3, as in the paper. */
  readonly learningRate?: number | Schedule;
  /** Decay of the mean of the gradients. Default 0.9, as in the paper. */
  readonly beta1?: number;
  /** Decay of the mean of their squares. Default 0.999, as in the paper. */
  readonly beta2?: number;
  /** Added to the root of that mean. Default 1e-8, as in the paper. */
  readonly eps?: number;
  /** Default 0 for `adam` and 1e-2 for `adamw`, as in PyTorch. */
  readonly weightDecay?: number;
}

const OPTIONS = ['learningRate', 'beta1', 'beta2', 'eps', 'weightDecay'] as const;

/**
 * Adam (Kingma and Ba 2015):
 *
 *     g = gradient + weightDecay theta
 *     m' = beta1 m + (1 - beta1) g
 *     v' = beta2 v + (1 - beta2) g^2
 *     theta' = theta - learningRate (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + eps)
 *
 * where t counts the steps from 1. The state's moments are m and v.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamWith('adam', { weightDecay: 0, ...options }, false);
}

/**
 * AdamW (Loshchilov and Hutter 2019): Adam with `g = gradient`, whose parameters shrink beforehand by
 * `theta <- (1 - learningRate weightDecay) theta`, so that the decay does not pass through the averages.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  return adamWith('adamw', { weightDecay: 1e-2, ...options }, true);
}

function adamWith(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  checkOptions(name, options, OPTIONS);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  if (typeof learningRate === 'number') checkNumber(name, 'learningRate', learningRate);
  checkNumber(name, 'beta1', beta1, 1);
  checkNumber(name, 'beta2', beta2, 1);
  checkNumber(name, 'eps', eps);
  checkNumber(name, 'weightDecay', weightDecay);
  const fixed = [beta1, beta2, eps, weightDecay, Number(decoupled)];
  return optimizerOf({
    name,
    learningRate,
    momentCount: 2,
    settings: (step, rate) =>
      stack([
        rate,
        ...fixed.map((value) => full([], value, 'float64')),
        ...[beta1, beta2].map((beta) => sub(1, pow(beta, step))),
      ]),
    update: (parameter, gradient, [m = parameter, v = parameter], settings) => {
      const { parameter: next, first, second } = adamStep(parameter, gradient, m, v, settings);
      return { parameter: next, moments: [first, second] };
    },
  });
}
