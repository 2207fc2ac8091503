import { cast, mul, sub, zerosLike } from '../ops/elementwise/arithmetic';
import { sign } from '../ops/elementwise/math';
import { rulesOf, type ParameterGroup } from './groups';
import {
  averaged,
  checkNumber,
  checkGroupList,
  checkRate,
  optimizerOf,
  type Optimizer,
  type Schedule,
  type UpdateRule,
} from './optimizer';

export interface LionOptions {
  /** Default 1e-4, as in the paper's code. */
  readonly learningRate?: number | Schedule;
  /** How much of the mean goes into the step. Default 0.9, as in the paper. */
  readonly beta1?: number;
  /** Decay of the mean of the gradients. Default 0.99, as in the paper. */
  readonly beta2?: number;
  /** Decoupled, as in AdamW. Default 0. */
  readonly weightDecay?: number;
  /** Other options for some of the parameters. */
  readonly groups?: readonly ParameterGroup<LionOptions>[];
}

/**
 * Lion (Chen et al. 2023), whose steps have one size:
 *
 *     c = sign(beta1 m + (1 - beta1) gradient)
 *     theta' = (1 - learningRate weightDecay) theta - learningRate c
 *     m' = beta2 m + (1 - beta2) gradient
 *
 * The state's one moment is m.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function lion(options: LionOptions = {}): Optimizer {
  checkGroupList('lion', options);
  const ruleOf = (own: Omit<LionOptions, 'groups'>): UpdateRule => {
    const { learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0 } = own;
    checkRate('lion', learningRate);
    checkNumber('lion', 'beta1', beta1, 1);
    checkNumber('lion', 'beta2', beta2, 1);
    checkNumber('lion', 'weightDecay', weightDecay);
    return {
      learningRate,
      settings: (_step, rate) => rate,
      update: (parameter, gradient, [m = parameter], rate) => {
        const direction = sign(averaged(m, gradient, beta1));
        const kept = mul(parameter, cast(sub(1, mul(rate, weightDecay)), parameter.dtype));
        return {
          parameter: sub(kept, mul(cast(rate, parameter.dtype), direction)),
          moments: [averaged(m, gradient, beta2)],
        };
      },
    };
  };
  const rules = rulesOf('lion', options, ['learningRate', 'beta1', 'beta2', 'weightDecay'], ruleOf);
  return optimizerOf({ name: 'lion', ...rules, moments: [zerosLike] });
}
