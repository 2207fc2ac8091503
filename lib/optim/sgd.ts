import { checkOptions, OptionError } from '../errors';
import { stack } from '../ops/shape/concat';
import { add, cast, full, mul, sub } from '../ops/elementwise/arithmetic';
import { sgdStep } from '../ops/training/optimizerStep';
import { checkNumber, optimizerOf, type Optimizer, type Schedule } from './optimizer';

export interface SgdOptions {
  /** Default 1e-3, as in PyTorch. */
  readonly learningRate?: number | Schedule;
  /** How much of the last velocity stays. Default 0. */
  readonly momentum?: number;
  /** Added to the gradient, times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** Look ahead by the momentum (Sutskever et al. 2013). Default false. */
  readonly nesterov?: boolean;
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
  checkOptions('sgd', options, ['learningRate', 'momentum', 'weightDecay', 'nesterov']);
  const { learningRate = 1e-3, nesterov = false } = options;
  const momentum = checkNumber('sgd', 'momentum', options.momentum ?? 0);
  const weightDecay = checkNumber('sgd', 'weightDecay', options.weightDecay ?? 0);
  if (typeof learningRate === 'number') checkNumber('sgd', 'learningRate', learningRate);
  if (momentum === 0) {
    if (nesterov) throw new OptionError('sgd: nesterov needs a momentum');
    return optimizerOf({
      name: 'sgd',
      learningRate,
      momentCount: 0,
      settings: (_step, rate) => rate,
      update: (parameter, gradient, _moments, rate) => {
        const d = weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));
        return { parameter: sub(parameter, mul(cast(rate, parameter.dtype), d)), moments: [] };
      },
    });
  }
  return optimizerOf({
    name: 'sgd',
    learningRate,
    momentCount: 1,
    settings: (_step, rate) =>
      stack([rate, ...[momentum, weightDecay, Number(nesterov)].map((value) => full([], value, 'float64'))]),
    update: (parameter, gradient, [before = parameter], settings) => {
      const { parameter: next, velocity } = sgdStep(parameter, gradient, before, settings);
      return { parameter: next, moments: [velocity] };
    },
  });
}
