import { checkOptions, OptionError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { add, cast, div, full, minimum, mul, sub, zeros } from '../ops/elementwise/arithmetic';
import { identity } from '../ops/shape/identity';
import { checkLike } from '../transforms/stacked';

export interface AverageOptions {
  /** How much of the average stays in a step, in [0, 1). Default 0.999. */
  readonly decay?: number;
  /** Let the decay of step t be at most `t / (t + 9)`, so that the start is forgotten soon. Default true. */
  readonly warmup?: boolean;
}

/** A running average of parameters: a tree of tensors, so compiled functions take and return it. */
export interface AverageState<P> {
  /** How many updates there were, int32 without axes. */
  readonly step: Tensor;
  /** The average: use it in place of the parameters to judge or to save. */
  readonly params: P;
}

/** An exponential moving average of parameters. Both functions are pure. */
export interface WeightAverage {
  /** The average before the first update: the parameters themselves. */
  readonly init: <P>(params: P) => AverageState<P>;
  /** @throws ShapeError when the parameters are not shaped like the average. */
  readonly update: <P>(state: AverageState<P>, params: P) => AverageState<P>;
}

/**
 * The exponential moving average of weights (Polyak and Juditsky 1992, as networks use it), for step t = 1, 2, ...:
 *
 *     average' = d average + (1 - d) theta,    d = warmup ? min(decay, t / (t + 9)) : decay
 *
 * @example
 * const { init, update } = weightAverage({ decay: 0.99 });
 * let average = init(params);
 * average = update(average, params);               // after every step
 * await judge(average.params);                     // params go on being trained
 * @throws OptionError for a misspelled option or a decay outside [0, 1).
 */
export function weightAverage(options: AverageOptions = {}): WeightAverage {
  checkOptions('weightAverage', options, ['decay', 'warmup']);
  const { decay = 0.999, warmup = true } = options;
  if (!(decay >= 0 && decay < 1)) {
    throw new OptionError(`weightAverage: decay must be a number from 0 to below 1, got ${decay}`);
  }
  return {
    init: (params) => ({
      step: zeros([], 'int32'),
      params: withTensors(params, tensorsOf(params).map(identity)),
    }),
    update: (state, params) => {
      const [averages, tensors] = [tensorsOf(state.params), tensorsOf(params)];
      checkLike('weightAverage', 'parameters', averages, tensors);
      const step = add(state.step, 1);
      const taken = cast(step, 'float64');
      const kept = warmup ? minimum(div(taken, add(taken, 9)), decay) : full([], decay, 'float64');
      const next = averages.map((average, i) => {
        const share = cast(sub(1, kept), average.dtype);
        // As a difference, so that an average of equal weights stays what they are.
        return add(average, mul(share, sub(tensors[i] ?? average, average)));
      });
      return { step, params: withTensors(state.params, next) };
    },
  };
}
