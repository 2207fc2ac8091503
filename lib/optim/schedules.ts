import { checkFunction, checkRecord, checkOptions, OptionError } from '../errors';
import type { Tensor } from '../graph/tensor';
import { add, div, full, less, maximum, minimum, mul, pow, sub } from '../ops/elementwise/arithmetic';
import { cos, floor, sqrt, where } from '../ops/elementwise/math';
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

export interface PolynomialDecayOptions extends DecayOptions {
  /** Default 1, a straight line. */
  readonly power?: number;
}

/** `to + (from - to) (1 - min(step / steps, 1))^power`. @throws OptionError. */
export function polynomialDecay(given: PolynomialDecayOptions): Schedule {
  checkRecord('polynomialDecay', given);
  const { power = 1, ...options } = given;
  const { from, to, steps } = decayOf('polynomialDecay', options);
  checkNumber('polynomialDecay', 'power', power);
  return (step) => add(to, mul(pow(sub(1, progress(step, steps)), power), from - to));
}

/** The same rate at every step. @throws OptionError. */
export function constantRate(rate: number): Schedule {
  checkNumber('constantRate', 'rate', rate);
  return () => full([], rate, 'float64');
}

export interface ExponentialDecayOptions {
  /** At the first step. */
  readonly from: number;
  /** What is left of it after every step. */
  readonly factor: number;
}

/** `from factor^step`. @throws OptionError. */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  checkOptions('exponentialDecay', options, ['from', 'factor']);
  const from = checkNumber('exponentialDecay', 'from', options.from);
  const factor = checkNumber('exponentialDecay', 'factor', options.factor);
  return (step) => mul(pow(factor, step), from);
}

export interface InverseSqrtOptions {
  /** The highest rate, at step `warmup - 1`. */
  readonly peak: number;
  /** Steps that rise to it in equal parts. */
  readonly warmup: number;
}

/**
 * The schedule of the Transformer (Vaswani et al. 2017), for step t = step + 1:
 * `peak min(t / warmup, sqrt(warmup / t))`. @throws OptionError.
 */
export function inverseSqrt(options: InverseSqrtOptions): Schedule {
  checkOptions('inverseSqrt', options, ['peak', 'warmup']);
  const peak = checkNumber('inverseSqrt', 'peak', options.peak);
  const warmup = checkCount('inverseSqrt', 'warmup', options.warmup);
  return (step) => {
    const t = add(step, 1);
    return mul(minimum(div(t, warmup), sqrt(div(warmup, t))), peak);
  };
}

export interface OneCycleOptions {
  /** The highest rate. */
  readonly peak: number;
  /** Steps in all. */
  readonly steps: number;
  /** Which part of them rises. Default 0.3, as in PyTorch. */
  readonly rising?: number;
  /** The first rate is `peak / startDivisor`. Default 25, as in PyTorch. */
  readonly startDivisor?: number;
  /** The last rate is the first one over this. Default 1e4, as in PyTorch. */
  readonly endDivisor?: number;
}

/**
 * One cycle (Smith and Topin 2018): half a cosine up to the peak at step `rising steps - 1`, and half a cosine down to the
 * last step. @throws OptionError.
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  checkOptions('oneCycle', options, ['peak', 'steps', 'rising', 'startDivisor', 'endDivisor']);
  const { rising = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  const peak = checkNumber('oneCycle', 'peak', options.peak);
  const steps = checkCount('oneCycle', 'steps', options.steps);
  checkNumber('oneCycle', 'rising', rising, 1);
  for (const [name, divisor] of Object.entries({ startDivisor, endDivisor })) {
    if (!(divisor > 0)) throw new OptionError(`oneCycle: ${name} must be positive, got ${divisor}`);
  }
  const top = rising * steps - 1;
  const last = steps - 1;
  if (top < 0 || last <= top) {
    throw new OptionError(`oneCycle: ${steps} steps leave none to rise or none to fall`);
  }
  const start = peak / startDivisor;
  const end = start / endDivisor;
  const between = (from: number, to: number, part: Tensor): Tensor =>
    add(to, mul(add(cos(mul(part, Math.PI)), 1), (from - to) / 2));
  return (step) => {
    const up = between(start, peak, minimum(div(step, Math.max(top, Number.MIN_VALUE)), 1));
    const down = between(peak, end, minimum(div(maximum(sub(step, top), 0), last - top), 1));
    return where(less(step, top), up, down);
  };
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
  checkFunction('withWarmup', schedule, 'a schedule');
  checkCount('withWarmup', 'steps', steps);
  return (step) => {
    const late = schedule(maximum(sub(step, steps), 0));
    return where(less(step, steps), mul(late, div(add(step, 1), steps)), late);
  };
}
