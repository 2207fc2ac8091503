import { checkFunction, NotDifferentiableError, PalimpsestError } from '../errors';
import { isFloat } from '../graph/dtype';
import { defineOp, type OpRecord } from '../graph/op';
import type { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { zerosLike } from '../ops/elementwise/arithmetic';
import { identity } from '../ops/shape/identity';
import { pullback } from './pullback';
import { traceRegion } from './region';
import { checkLike } from './stacked';

// Functions whose derivative is given by the caller. The one mode follows from the other: each rule is linear in what it is
// given, so that its transposed map is its own derivative.

/** Inputs: the values of the function, its arguments, and what else it took from outside. Outputs: the values. */
interface CustomRule {
  /** The arguments and the value, as templates for trees. */
  readonly args: readonly unknown[];
  readonly value: unknown;
  readonly counts: { readonly values: number; readonly args: number };
  readonly rule: (given: never) => unknown;
}

/** The tensors of the arguments and of the value among the inputs of a node, as the trees that rules take. */
function treesOf(
  { args, value, counts }: CustomRule,
  inputs: readonly Tensor[],
): { args: readonly unknown[]; value: unknown; argTensors: readonly Tensor[] } {
  const argTensors = inputs.slice(counts.values, counts.values + counts.args);
  return {
    args: withTensors(args, argTensors),
    value: withTensors(value, inputs.slice(0, counts.values)),
    argTensors,
  };
}

const shared = {
  infer: (inputs, { counts }) => inputs.slice(0, counts.values).map(({ shape, dtype }) => ({ shape, dtype })),
  lower: 'alias',
} satisfies OpRecord<CustomRule>;

function refuseSurroundings(where: string, counts: CustomRule['counts'], touched: readonly unknown[]): void {
  const taken = touched.slice(counts.values + counts.args);
  if (!taken.some((item) => item !== null && item !== false)) return;
  throw new NotDifferentiableError(
    `${where}: the function takes a tensor from its surroundings that is differentiated; pass it as an argument`,
  );
}

/** Zeros that can be differentiated with respect to. */
const variablesLike = (tensors: readonly Tensor[]): Tensor[] =>
  tensors.map((tensor) => identity(zerosLike(tensor)));

const customVjpOp = defineOp<CustomRule>('customVjp', {
  ...shared,
  vjp: (cotangents, inputs, _outputs, custom, wanted) => {
    refuseSurroundings('customVjp', custom.counts, wanted.slice(0, inputs.length));
    const { argTensors } = treesOf(custom, inputs);
    const back = pulled(custom, inputs, cotangents);
    const { values } = custom.counts;
    return inputs.map((_, i) =>
      i < values || i >= values + argTensors.length ? null : (back[i - values] ?? null),
    );
  },
  // J v is the derivative of <J^T u, v> with respect to u.
  jvp: (tangents, inputs, outputs, custom) => {
    const { values, args } = custom.counts;
    refuseSurroundings('customVjp', custom.counts, tangents.slice(0, inputs.length));
    const u = variablesLike(outputs.slice(0, values));
    const pairs = pulled(custom, inputs, u).flatMap((back, i) => {
      const tangent = i < args ? tangents[values + i] : null;
      return back && tangent ? [{ back, tangent }] : [];
    });
    return pullback(
      pairs.map(({ back }) => back),
      pairs.map(({ tangent }) => tangent),
      u,
    );
  },
});

/** What the rule of the caller gives back, one per tensor of the arguments; null for an argument that it leaves out. */
function pulled(
  custom: CustomRule,
  inputs: readonly Tensor[],
  cotangents: readonly Tensor[],
): (Tensor | null)[] {
  const { args, value } = treesOf(custom, inputs);
  const rule = custom.rule as unknown as VjpRule<readonly unknown[], unknown>;
  const given = rule({ args, value, cotangents: withTensors(custom.value, cotangents) });
  if (!Array.isArray(given) || given.length !== args.length) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `customVjp: the rule returns an array with one entry per argument, ${args.length} expected`,
    );
  }
  return args.flatMap((arg, i) => {
    const expected = tensorsOf(arg);
    const back: unknown = given[i];
    if (back === null) return expected.map(() => null);
    const got = tensorsOf(back);
    checkLike('customVjp', `cotangents of argument ${i}`, expected, got);
    return got;
  });
}

/** What a rule for `customVjp` is given, and what it returns: per argument a tree like it, or null for no gradient. */
export type VjpRule<A extends readonly unknown[], R> = (given: {
  readonly args: A;
  readonly value: R;
  readonly cotangents: R;
}) => { readonly [K in keyof A]: A[K] | null };

/**
 * A function with a reverse rule of its own: `rule({ args, value, cotangents })` returns, per argument, the cotangents
 * `u^T J` in a tree like the argument, or null for an argument that gets none. The rule is made of ops, so higher
 * derivatives go through it; it is linear in the cotangents, and forward mode is its transposed map. Arguments and value
 * are trees.
 *
 * @example
 * const reversed = customVjp((x: Tensor) => x, ({ cotangents }) => [neg(cotangents)]);
 * @throws NotDifferentiableError when the function takes a differentiated tensor from its surroundings; ShapeError when
 *   the rule returns cotangents unlike the arguments.
 */
export function customVjp<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  rule: VjpRule<A, R>,
): (...args: A) => R {
  checkFunction('customVjp', fn);
  checkFunction('customVjp', rule, 'a rule that is a function');
  return (...args) => apply(customVjpOp, fn, args, rule);
}

const customJvpOp = defineOp<CustomRule>('customJvp', {
  ...shared,
  jvp: (tangents, inputs, _outputs, custom) => {
    const { values } = custom.counts;
    refuseSurroundings('customJvp', custom.counts, tangents.slice(0, inputs.length));
    const directions = treesOf(custom, inputs).argTensors.map(
      (tensor, i) => tangents[values + i] ?? zerosLike(tensor),
    );
    return pushed(custom, inputs, directions);
  },
  // u^T J is the derivative of <u, J v> with respect to v.
  vjp: (cotangents, inputs, _outputs, custom, wanted) => {
    const { values } = custom.counts;
    refuseSurroundings('customJvp', custom.counts, wanted.slice(0, inputs.length));
    const v = variablesLike(treesOf(custom, inputs).argTensors);
    const back = pullback(pushed(custom, inputs, v), cotangents, v);
    return inputs.map((input, i) => (isFloat(input.dtype) ? (back[i - values] ?? null) : null));
  },
});

/** What the rule of the caller gives for directions, one per tensor of the arguments. */
function pushed(custom: CustomRule, inputs: readonly Tensor[], directions: readonly Tensor[]): Tensor[] {
  const { args, value } = treesOf(custom, inputs);
  const rule = custom.rule as unknown as JvpRule<readonly unknown[], unknown>;
  const tangents = tensorsOf(rule({ args, value, tangents: withTensors(custom.args, directions) }));
  checkLike('customJvp', 'tangents of the value', tensorsOf(value), tangents);
  return tangents;
}

/** What a rule for `customJvp` is given, and what it returns: a tree like the value. */
export type JvpRule<A extends readonly unknown[], R> = (given: {
  readonly args: A;
  readonly value: R;
  readonly tangents: A;
}) => R;

/**
 * A function with a forward rule of its own: `rule({ args, value, tangents })` returns the tangent `J v` of the value.
 * `tangents` is like the arguments, with zeros where nothing moves. The rule is made of ops, so higher derivatives go
 * through it; it is linear in the tangents, and reverse mode is its transposed map.
 *
 * @example
 * const safeSqrt = customJvp(sqrt, ({ value, tangents: [dx] }) => div(dx, maximum(mul(value, 2), 1e-6)));
 * @throws NotDifferentiableError when the function takes a differentiated tensor from its surroundings; ShapeError when
 *   the rule returns tangents unlike the value.
 */
export function customJvp<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  rule: JvpRule<A, R>,
): (...args: A) => R {
  checkFunction('customJvp', fn);
  checkFunction('customJvp', rule, 'a rule that is a function');
  return (...args) => apply(customJvpOp, fn, args, rule);
}

function apply<A extends readonly unknown[], R>(
  op: typeof customVjpOp,
  fn: (...args: A) => R,
  args: A,
  rule: VjpRule<A, R> | JvpRule<A, R>,
): R {
  const given = tensorsOf(args);
  // As nodes of their own: an op that looks behind a broadcast or a transposition must not look behind an argument.
  const { value, region } = traceRegion(() => fn(...withTensors(args, given.map(identity))));
  const outputs = tensorsOf(value);
  const taken = region.inputs.filter((input) => !given.includes(input));
  const counts = { values: outputs.length, args: given.length };
  const custom = { args, value, counts, rule: rule as unknown as CustomRule['rule'] };
  return withTensors(value, [...op([...outputs, ...given, ...taken], custom)]);
}
