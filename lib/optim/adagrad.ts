import { add, cast, div, full, mul, square, sub } from '../ops/elementwise/arithmetic';
import { sqrt } from '../ops/elementwise/math';
import { rulesOf, type ParameterGroup } from './groups';
import {
  checkNumber,
  checkGroupList,
  checkRate,
  optimizerOf,
  withDecay,
  type Optimizer,
  type Schedule,
  type UpdateRule,
} from './optimizer';

export interface AdagradOptions {
  /** Default 1e-2, as in PyTorch. */
  readonly learningRate?: number | Schedule;
  /** The rate of step t is divided by `1 + learningRateDecay (t - 1)`. Default 0. */
  readonly learningRateDecay?: number;
  /** Added to the root of the sum. Default 1e-10, as in PyTorch. */
  readonly eps?: number;
  /** Added to the gradient, times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** The sum before the first step, the same for all groups. Default 0. */
  readonly initialSum?: number;
  /** Other options for some of the parameters. */
  readonly groups?: readonly ParameterGroup<AdagradOptions>[];
}

const OPTIONS = ['learningRate', 'learningRateDecay', 'eps', 'weightDecay', 'initialSum'];

/**
 * Adagrad (Duchi, Hazan, Singer 2011):
 *
 *     g = gradient + weightDecay theta
 *     s' = s + g^2
 *     theta' = theta - learningRate g / (sqrt(s') + eps)
 *
 * The state's one moment is the sum s.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkGroupList('adagrad', options);
  const initialSum = checkNumber('adagrad', 'initialSum', options.initialSum ?? 0);
  const ruleOf = (own: Omit<AdagradOptions, 'groups'>): UpdateRule => {
    const { learningRate = 1e-2, learningRateDecay = 0, eps = 1e-10, weightDecay = 0 } = own;
    checkRate('adagrad', learningRate);
    checkNumber('adagrad', 'learningRateDecay', learningRateDecay);
    checkNumber('adagrad', 'eps', eps);
    checkNumber('adagrad', 'weightDecay', weightDecay);
    return {
      learningRate,
      settings: (step, rate) => div(rate, add(mul(sub(step, 1), learningRateDecay), 1)),
      update: (parameter, gradient, [sum = parameter], rate) => {
        const g = withDecay(parameter, gradient, weightDecay);
        const next = add(sum, square(g));
        const change = mul(cast(rate, parameter.dtype), div(g, add(sqrt(next), eps)));
        return { parameter: sub(parameter, change), moments: [next] };
      },
    };
  };
  const rules = rulesOf('adagrad', options, OPTIONS, ruleOf);
  return optimizerOf({
    name: 'adagrad',
    ...rules,
    moments: [({ shape, dtype }) => full(shape, initialSum, dtype)],
  });
}
