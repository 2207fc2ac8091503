import { checkOptions, OptionError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { add, div, less, maximum, minimum, mul, pow, sub } from '../ops/elementwise/arithmetic';
import { cos, floor, where } from '../ops/elementwise/math';
import { checkNumber, type Schedule } from './optimizer';

// Schedules are part of the graph: a compiled step needs no learning rate from outside.

export interface DecayOptions {
  /** At the first step. */
  readonly from: number;
  /** At the end, and after it. Default 0. */
  readonly to?: number;
  /** After how many steps the end is reached. */
  readonly steps: number;
}

/** How much of the way is done, from 0 to 1. */
const progress = (step: Tensor, steps: number): Tensor => minimum(div(step, steps), 1);

function decayOf(where: string, options: DecayOptions): Required<DecayOptions> {
  checkOptions(where, options, ['from', 'to', 'steps']);
  return {
    from: checkNumber(where, 'from', options.from),
    to: checkNumber(where, 'to', options.to ?? 0),
    steps: checkCount(where, 'steps', options.steps),
  };
}

function checkCount(where: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new OptionError(`${where}: ${name} must be a positive integer, got ${value}`);
}

/** A straight line: `from + (to - from) min(step / steps, 1)`. @throws OptionError. */
export function linearDecay(options: DecayOptions): Schedule {
  const { from, to, steps } = decayOf('linearDecay', options);
  return (step) => add(from, mul(progress(step, steps), to - from));
}

/**
 * Half a cosine (Loshchilov and Hutter 2017): `to + (from - to) (1 + cos(pi min(step / steps, 1))) / 2`.
 * @throws OptionError.
 */
export function cosineDecay(options: DecayOptions): Schedule {
  const { from, to, steps } = decayOf('cosineDecay', options);
  return (step) => add(to, mul(add(cos(mul(progress(step, steps), Math.PI)), 1), (from - to) / 2));
}

export interface StepDecayOptions {
  /** At the first step. */
  readonly from: number;
  /** What is left of it after each stage. Default 0.1, as in PyTorch. */
  readonly factor?: number;
  /** Steps of a stage; 1 decays exponentially. */
  readonly every: number;
}

/** Stages: `from factor^floor(step / every)`. @throws OptionError. */
export function stepDecay(options: StepDecayOptions): Schedule {
  checkOptions('stepDecay', options, ['from', 'factor', 'every']);
  const from = checkNumber('stepDecay', 'from', options.from);
  const factor = checkNumber('stepDecay', 'factor', options.factor ?? 0.1);
  const every = checkCount('stepDecay', 'every', options.every);
  return (step) => mul(pow(factor, floor(div(step, every))), from);
}

/**
 * A schedule after `steps` steps that rise to its first rate in equal parts: `schedule(0) (step + 1) / steps`, then
 * `schedule(step - steps)`.
 *
 * @example
 * adamw({ learningRate: withWarmup(cosineDecay({ from: 3e-4, steps: 900 }), 100) });
 * @throws OptionError unless `steps` is a positive integer.
 */
export function withWarmup(schedule: Schedule, steps: number): Schedule {
  checkCount('withWarmup', 'steps', steps);
  return (step) => {
    const late = schedule(maximum(sub(step, steps), 0));
    return where(less(step, steps), mul(late, div(add(step, 1), steps)), late);
  };
}
