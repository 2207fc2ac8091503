import { checkOptions, checkRecord, describe, OptionError, ShapeError, unexpected } from '../errors';
import { isFloat } from '../graph/dtype';
import { formatShape } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { add, cast, full, mul, zeros, zerosLike } from '../ops/elementwise/arithmetic';
import { reshape } from '../ops/shape/reshape';
import { checkLike } from '../transforms/stacked';
import { checkGroups, namesOf, type GroupRule } from './groups';

/** A learning rate as a function of the steps taken before, both float64 tensors without axes: 0 for the first step. */
export type Schedule = (step: Tensor) => Tensor;

/** What an optimiser remembers: a tree of tensors, so compiled functions take and return it. */
export interface OptimizerState<P> {
  /** How many steps were taken, int32 without axes. */
  readonly step: Tensor;
  /** Running averages, each a tree with the names of the parameters: what they are is said by the optimiser. */
  readonly moments: readonly P[];
}

export interface StepOptions {
  /**
   * For this step, in place of the optimiser's own (not of a group's own): as a tensor it may change from call to call of
   * one program.
   */
  readonly learningRate?: number | Tensor;
}

/**
 * A rule that moves parameters, any tree of float tensors, against their gradients. Both functions are pure: they change
 * nothing and may stand in a compiled function.
 *
 * @example
 * const optimizer = adam({ learningRate: 1e-3 });
 * const train = compile((params, state, x, y) => optimizer.step(params, grad(loss)(params, x, y), state));
 * let params = model.parameters;
 * let state = optimizer.init(params);
 * for (const { x, y } of batches) ({ params, state } = await train(params, state, x, y));
 */
export interface Optimizer {
  /** The state before the first step. */
  readonly init: <P>(params: P) => OptimizerState<P>;
  /**
   * One step.
   * @throws ShapeError when gradients or state are not shaped like the parameters; OptionError for a misspelled option.
   */
  readonly step: <P>(
    params: P,
    gradients: P,
    state: OptimizerState<P>,
    options?: StepOptions,
  ) => { readonly params: P; readonly state: OptimizerState<P> };
}

/** How an optimiser treats the parameters of one group. */
export interface UpdateRule {
  readonly learningRate: number | Schedule;
  /** What these parameters share in a step: from its number, counted from 1, and its learning rate, both float64. */
  readonly settings: (step: Tensor, learningRate: Tensor) => Tensor;
  readonly update: (
    parameter: Tensor,
    gradient: Tensor,
    moments: readonly Tensor[],
    settings: Tensor,
  ) => { readonly parameter: Tensor; readonly moments: readonly Tensor[] };
}

/** What tells one optimiser from another. */
export interface OptimizerRules {
  readonly name: string;
  readonly rule: UpdateRule;
  readonly groups: readonly GroupRule<UpdateRule>[];
  /** The moments of a parameter before the first step. */
  readonly moments: readonly ((parameter: Tensor) => Tensor)[];
}

/** Applies rules to every tensor of a tree. */
export function optimizerOf({ name, rule, groups, moments }: OptimizerRules): Optimizer {
  const init = <P>(params: P): OptimizerState<P> => {
    checkGroups(name, groups, namesOf(params));
    const tensors = tensorsOf(params);
    return {
      step: zeros([], 'int32'),
      moments: moments.map((initial) => withTensors(params, tensors.map(initial))),
    };
  };
  const step: Optimizer['step'] = (params, gradients, state, options = {}) => {
    checkOptions(`${name}.step`, options, ['learningRate']);
    const parameters = tensorsOf(params);
    const slopes = tensorsOf(gradients);
    checkState(name, state);
    const before = state.moments.map((moment) => tensorsOf(moment));
    checkLike(name, 'gradients', parameters, slopes);
    if (before.length !== moments.length) {
      throw new ShapeError(`${name}: ${moments.length} moments expected, got a state with ${before.length}`);
    }
    moments.forEach((initial, i) => {
      const like = initial === zerosLike ? parameters : parameters.map(initial);
      checkLike(name, 'moments', like, before[i] ?? []);
    });
    const names = namesOf(params);
    checkGroups(name, groups, names);
    const taken = cast(state.step, 'float64');
    const sharedBy = new Map<UpdateRule, Tensor>();
    const sharedOf = (of: UpdateRule, hasLearningRate: boolean): Tensor => {
      const known = sharedBy.get(of);
      if (known) return known;
      const chosen = hasLearningRate ? of.learningRate : (options.learningRate ?? of.learningRate);
      const shared = of.settings(add(taken, 1), rateOf(name, chosen, taken));
      sharedBy.set(of, shared);
      return shared;
    };
    const updated = parameters.map((parameter, i) => {
      const gradient = slopes[i] ?? parameter;
      const own = before.map((moment) => moment[i] ?? parameter);
      const group = groups.find(({ matches }) => matches(names[i] ?? ''));
      const of = group?.rule ?? rule;
      return of.update(parameter, gradient, own, sharedOf(of, group?.hasLearningRate ?? false));
    });
    const pick = (which: number): Tensor[] =>
      updated.map(({ parameter, moments: next }) => next[which] ?? parameter);
    return {
      params: withTensors(
        params,
        updated.map(({ parameter }) => parameter),
      ),
      state: {
        step: add(state.step, 1),
        moments: state.moments.map((moment, which) => withTensors(moment, pick(which))),
      },
    };
  };
  return { init, step };
}

function checkState(name: string, state: unknown): void {
  const { step, moments } = (typeof state === 'object' && state !== null ? state : {}) as {
    readonly step?: unknown;
    readonly moments?: unknown;
  };
  if (step instanceof Tensor && Array.isArray(moments)) return;
  throw unexpected(name, 'a state made by init or step', state);
}

/** A learning rate in any of its forms as a float64 tensor without axes. */
function rateOf(name: string, rate: number | Tensor | Schedule, step: Tensor): Tensor {
  if (typeof rate === 'number') return full([], checkNumber(name, 'learningRate', rate), 'float64');
  const value: unknown = typeof rate === 'function' ? rate(step) : rate;
  if (!(value instanceof Tensor))
    throw new OptionError(
      `${name}: learningRate is a number, a tensor or a schedule of tensors, got ${describe(value)}`,
    );
  if (value.size !== 1 || !isFloat(value.dtype)) {
    throw new ShapeError(
      `${name}: learningRate must be one float, got ${value.dtype} ${formatShape(value.shape)}`,
    );
  }
  return reshape(cast(value, 'float64'), []);
}

/** Throws unless the option is in [0, below). */
export function checkNumber(where: string, name: string, value: number, below = Infinity): number {
  if (typeof value === 'number' && value >= 0 && value < below) return value;
  const range = below === Infinity ? 'a finite number from 0' : `a number from 0 to below ${below}`;
  throw new OptionError(`${where}: ${name} must be ${range}, got ${value}`);
}

/** Throws unless the learning rate is a schedule or a finite number from 0. */
export function checkRate(where: string, rate: number | Schedule): void {
  if (typeof rate === 'number') checkNumber(where, 'learningRate', rate);
  else if (typeof (rate as unknown) !== 'function')
    throw new OptionError(`${where}: learningRate is a number or a schedule, got ${describe(rate)}`);
}

/**
 * The options of an optimiser before they are looked into.
 * @throws OptionError unless they are an object, and their groups a list of objects.
 */
export function checkGroupList(where: string, options: { readonly groups?: unknown }): void {
  checkRecord(where, options);
  const { groups = [] } = options;
  if (Array.isArray(groups) && groups.every((group) => typeof group === 'object' && group !== null)) return;
  throw new OptionError(
    `${where}: groups are a list of options, each with its parameters, got ${describe(groups)}`,
  );
}

/** @throws PalimpsestError ERR_ARGUMENT for what is no optimiser, which only JavaScript callers can give. */
export function checkOptimizer(where: string, value: unknown): void {
  const parts = (typeof value === 'object' && value !== null ? value : {}) as Partial<Optimizer>;
  if (typeof parts.init === 'function' && typeof parts.step === 'function') return;
  throw unexpected(where, 'an optimiser', value);
}

/** `gradient + weightDecay parameter` */
export const withDecay = (parameter: Tensor, gradient: Tensor, weightDecay: number): Tensor =>
  weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));

/** `decay average + (1 - decay) value` */
export const averaged = (average: Tensor, value: Tensor, decay: number): Tensor =>
  add(mul(average, decay), mul(value, 1 - decay));
