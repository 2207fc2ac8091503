import type { Tensor } from '../graph/tensor';
import { add, cast, div, maximum, mul, square, sub, zerosLike } from '../ops/elementwise/arithmetic';
import { sqrt } from '../ops/elementwise/math';
import { rulesOf, type ParameterGroup } from './groups';
import {
  averaged,
  checkNumber,
  checkGroupList,
  checkRate,
  optimizerOf,
  withDecay,
  type Optimizer,
  type Schedule,
  type UpdateRule,
} from './optimizer';

export interface RmspropOptions {
  /** Default 1e-2, as in PyTorch. */
  readonly learningRate?: number | Schedule;
  /** Decay of the mean of the squared gradients. Default 0.99, as in PyTorch. */
  readonly alpha?: number;
  /** Added to its root. Default 1e-8, as in PyTorch. */
  readonly eps?: number;
  /** Added to the gradient, times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** How much of the last velocity stays. Default 0. */
  readonly momentum?: number;
  /** Divide by the deviation of the gradients instead of their size. The same for all groups. Default false. */
  readonly centered?: boolean;
  /** Other options for some of the parameters. */
  readonly groups?: readonly ParameterGroup<RmspropOptions>[];
}

const OPTIONS = ['learningRate', 'alpha', 'eps', 'weightDecay', 'momentum', 'centered'];

/**
 * RMSprop (Tieleman and Hinton 2012):
 *
 *     g = gradient + weightDecay theta
 *     s' = alpha s + (1 - alpha) g^2
 *     a' = alpha a + (1 - alpha) g                                      (when centered)
 *     u' = momentum u + g / (sqrt(s' - a'^2) + eps)
 *     theta' = theta - learningRate u'
 *
 * The state's moments are s, then u, then a where centered.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkGroupList('rmsprop', options);
  const { centered = false } = options;
  const ruleOf = (own: Omit<RmspropOptions, 'groups'>): UpdateRule => {
    const { learningRate = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = own;
    checkRate('rmsprop', learningRate);
    checkNumber('rmsprop', 'alpha', alpha, 1);
    checkNumber('rmsprop', 'eps', eps);
    checkNumber('rmsprop', 'weightDecay', weightDecay);
    checkNumber('rmsprop', 'momentum', momentum);
    return {
      learningRate,
      settings: (_step, rate) => rate,
      update: (parameter, gradient, [before = parameter, velocity = parameter, mean], rate) => {
        const g = withDecay(parameter, gradient, weightDecay);
        const squares = averaged(before, square(g), alpha);
        const means = mean && averaged(mean, g, alpha);
        const root = add(sqrt(means ? spread(squares, means) : squares), eps);
        const next = add(mul(velocity, momentum), div(g, root));
        return {
          parameter: sub(parameter, mul(cast(rate, parameter.dtype), next)),
          moments: [squares, next, ...(means ? [means] : [])],
        };
      },
    };
  };
  const rules = rulesOf('rmsprop', options, OPTIONS, ruleOf);
  return optimizerOf({ name: 'rmsprop', ...rules, moments: Array(centered ? 3 : 2).fill(zerosLike) });
}

/** The variance, which rounding may bring below 0. */
const spread = (squares: Tensor, means: Tensor): Tensor =>
  maximum(sub(squares, square(means)), zerosLike(squares));
