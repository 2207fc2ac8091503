import { OptionError } from '../errors';
import { stack } from '../ops/shape/concat';
import { cast, full, mul, sub, zerosLike } from '../ops/elementwise/arithmetic';
import { sgdStep } from '../ops/training/optimizerStep';
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

export interface SgdOptions {
  /** Default 1e-3, as in PyTorch. */
  readonly learningRate?: number | Schedule;
  /** How much of the last velocity stays. Default 0. */
  readonly momentum?: number;
  /** Added to the gradient, times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** Look ahead by the momentum (Sutskever et al. 2013). Default false. */
  readonly nesterov?: boolean;
  /** Other options for some of the parameters. */
  readonly groups?: readonly ParameterGroup<SgdOptions>[];
}

/**
 * Stochastic gradient descent:
 *
 *     d = gradient + weightDecay theta
 *     v' = momentum v + d
 *     theta' = theta - learningRate (nesterov ? d + momentum v' : v')
 *
 * With momentum the state's one moment is the velocity v; without, there is none.
 *
 * @throws OptionError for a misspelled option, one out of range, or `nesterov` without momentum.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkGroupList('sgd', options);
  const momentumOf = ({ momentum = 0 }: Pick<SgdOptions, 'momentum'>): number =>
    checkNumber('sgd', 'momentum', momentum);
  // With a momentum anywhere, all parameters have a velocity.
  const hasVelocity = [options, ...(options.groups ?? [])].some((group) => momentumOf(group) > 0);
  const ruleOf = (own: Omit<SgdOptions, 'groups'>): UpdateRule => {
    const { learningRate = 1e-3, nesterov = false } = own;
    const momentum = momentumOf(own);
    const weightDecay = checkNumber('sgd', 'weightDecay', own.weightDecay ?? 0);
    checkRate('sgd', learningRate);
    if (nesterov && momentum === 0) throw new OptionError('sgd: nesterov needs a momentum');
    return hasVelocity
      ? withVelocity(learningRate, [momentum, weightDecay, Number(nesterov)])
      : withoutVelocity(learningRate, weightDecay);
  };
  const rules = rulesOf('sgd', options, ['learningRate', 'momentum', 'weightDecay', 'nesterov'], ruleOf);
  return optimizerOf({ name: 'sgd', ...rules, moments: hasVelocity ? [zerosLike] : [] });
}

const withoutVelocity = (learningRate: number | Schedule, weightDecay: number): UpdateRule => ({
  learningRate,
  settings: (_step, rate) => rate,
  update: (parameter, gradient, _moments, rate) => {
    const d = withDecay(parameter, gradient, weightDecay);
    return { parameter: sub(parameter, mul(cast(rate, parameter.dtype), d)), moments: [] };
  },
});

const withVelocity = (learningRate: number | Schedule, fixed: readonly number[]): UpdateRule => ({
  learningRate,
  settings: (_step, rate) => stack([rate, ...fixed.map((value) => full([], value, 'float64'))]),
  update: (parameter, gradient, [before = parameter], settings) => {
    const { parameter: next, velocity } = sgdStep(parameter, gradient, before, settings);
    return { parameter: next, moments: [velocity] };
  },
});
