import { OptionError } from '../errors';
import { several } from '../graph/op';
import type { Tensor } from '../graph/tensor';
import {
  add,
  cast,
  div,
  full,
  maximum,
  mul,
  pow,
  square,
  sub,
  zerosLike,
} from '../ops/elementwise/arithmetic';
import { sqrt } from '../ops/elementwise/math';
import { stack } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { split } from '../ops/shape/slice';
import { adamStep } from '../ops/training/optimizerStep';
import { rulesOf, type ParameterGroup } from './groups';
import {
  checkNumber,
  checkGroupList,
  checkRate,
  optimizerOf,
  type Optimizer,
  type Schedule,
  type UpdateRule,
} from './optimizer';

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
  /**
   * Divide by the largest `v` so far instead of the last one (AMSGrad; Reddi et al. 2018), a third moment. The same for all
   * groups. Default false.
   */
  readonly amsgrad?: boolean;
  /** Other options for some of the parameters. */
  readonly groups?: readonly ParameterGroup<AdamOptions>[];
}

const OPTIONS = ['learningRate', 'beta1', 'beta2', 'eps', 'weightDecay', 'amsgrad'] as const;

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
  checkGroupList('adam', options);
  return adamWith('adam', { weightDecay: 0, ...options }, false);
}

/**
 * AdamW (Loshchilov and Hutter 2019): Adam with `g = gradient`, whose parameters shrink beforehand by
 * `theta <- (1 - learningRate weightDecay) theta`, so that the decay does not pass through the averages.
 *
 * @throws OptionError for a misspelled option or one out of range.
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  checkGroupList('adamw', options);
  return adamWith('adamw', { weightDecay: 1e-2, ...options }, true);
}

function adamWith(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const { amsgrad = false } = options;
  const ruleOf = (own: Omit<AdamOptions, 'groups'>): UpdateRule => {
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = own;
    checkRate(name, learningRate);
    checkNumber(name, 'beta1', beta1, 1);
    checkNumber(name, 'beta2', beta2, 1);
    checkNumber(name, 'eps', eps);
    checkNumber(name, 'weightDecay', weightDecay);
    if ((own.amsgrad ?? false) !== amsgrad)
      throw new OptionError(`${name}: amsgrad is for all groups or none`);
    const fixed = [beta1, beta2, eps, weightDecay, Number(decoupled)];
    return {
      learningRate,
      settings: (step, rate) =>
        stack([
          rate,
          ...fixed.map((value) => full([], value, 'float64')),
          ...[beta1, beta2].map((beta) => sub(1, pow(beta, step))),
        ]),
      update: amsgrad ? amsgradUpdate : adamUpdate,
    };
  };
  const rules = rulesOf(name, options, OPTIONS, ruleOf);
  return optimizerOf({ name, ...rules, moments: Array(amsgrad ? 3 : 2).fill(zerosLike) });
}

const adamUpdate: UpdateRule['update'] = (parameter, gradient, [m = parameter, v = parameter], settings) => {
  const { parameter: next, first, second } = adamStep(parameter, gradient, m, v, settings);
  return { parameter: next, moments: [first, second] };
};

/** As the fused step, but for the largest second moment. */
const amsgradUpdate: UpdateRule['update'] = (
  parameter,
  gradient,
  [m = parameter, v = parameter, largest = parameter],
  settings,
) => {
  const { dtype } = parameter;
  const scalars = several(split(settings, settings.size).map((part) => reshape(part, [])));
  const [rate, beta1, beta2, eps, decay, decoupled, correction1, correction2] = scalars;
  const as = (x: Tensor): Tensor => cast(x, dtype);
  const coupled = mul(decay, sub(1, decoupled));
  const kept = sub(1, mul(rate, mul(decay, decoupled)));
  const g = add(gradient, mul(as(coupled), parameter));
  const first = add(mul(as(beta1), m), mul(as(sub(1, beta1)), g));
  const second = add(mul(as(beta2), v), mul(as(sub(1, beta2)), square(g)));
  const most = maximum(largest, second);
  const root = add(mul(sqrt(most), as(div(1, sqrt(correction2)))), as(eps));
  const next = sub(mul(parameter, as(kept)), mul(as(div(rate, correction1)), div(first, root)));
  return { parameter: next, moments: [first, second, most] };
};
