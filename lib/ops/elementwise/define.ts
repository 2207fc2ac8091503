import { DTypeError, PalimpsestError } from '../../errors';
import { checkInputs, checkOperands } from '../../graph/call';
import { DTYPES, isFloat, type DType } from '../../graph/dtype';
import { moved, sameExampleAxis } from '../../graph/exampleAxis';
import { examplesFirst } from '../examplesFirst';
import { defineOp, several, single, type ExampleRule, type Op, type Several } from '../../graph/op';
import { broadcastShapes, formatShape, sameShape, type Shape } from '../../graph/shape';
import { Tensor, type Spec } from '../../graph/tensor';
import { broadcastTo, broadcastToOp, sumTo, sumToExamples } from '../reduce/sum';
import { ofRank } from '../batching';
import { promoteNumber, promoteTypes } from './promote';

/**
 * One derivative of an elementwise function: the direction `g` times df/dx_i, in terms of other ops. The same rule serves
 * reverse mode (g a cotangent), forward mode (g a tangent) and per-example gradients.
 */
export type Partial = (g: Tensor, inputs: Several<Tensor>, output: Tensor) => Tensor;

export interface ElementwiseRecord<A> {
  /** The operation of the native `fused` kernel; the op's own name by default. */
  readonly operation?: string;
  readonly immediate?: (attributes: A) => number;
  /** A partial per input; null for an input that counts as a constant. Without any the op is a constant. */
  readonly partials?: readonly (Partial | null)[];
  /** dtypes the inputs may have; all inputs after the first `free` ones must agree. Default: floats. */
  readonly takes?: keyof typeof ACCEPTED;
  /** Integers and bools are computed as float32, as JAX has it. Default: where floats are taken. */
  readonly inFloats?: boolean;
  /** dtype of the result, given that of the inputs; by default that of the last. */
  readonly gives?: (dtypes: readonly DType[], attributes: A) => DType;
  /** How many leading inputs have a dtype of their own (the condition of `where`). */
  readonly free?: number;
}

const FLOATS: readonly DType[] = ['float32', 'float64', 'bfloat16', 'float16'];
const ACCEPTED = {
  float: FLOATS,
  number: [...FLOATS, 'int32', 'int64'],
  arithmetic: [...FLOATS, 'int32', 'int64', 'uint8'],
  any: DTYPES,
  bool: ['bool'],
} as const satisfies Record<string, readonly DType[]>;

/** What `applyElementwise` has to know of an op before its inputs agree. */
const promotions = new WeakMap<object, { readonly free: number; readonly inFloats: boolean }>();

/** Defines an op that computes each element of its result from the elements at the same place, with broadcasting. */
export function defineElementwise<A extends object = object>(
  name: string,
  record: ElementwiseRecord<A>,
): Op<A> {
  const { partials, operation = name, immediate, takes = 'float', free = 0 } = record;
  const { inFloats = takes === 'float' } = record;
  const partial = (which: number): Partial => {
    const rule = partials?.[which];
    if (!rule)
      throw new PalimpsestError('ERR_NOT_DIFFERENTIABLE', `${name}: no derivative for input ${which}`);
    return rule;
  };
  const infer = (inputs: readonly Spec[], attributes: A): Spec => {
    checkDTypes(name, inputs.slice(free), ACCEPTED[takes]);
    const dtypes = inputs.map((input) => input.dtype);
    const dtype = record.gives?.(dtypes, attributes) ?? dtypes.at(-1) ?? 'float32';
    return {
      shape: broadcastShapes(
        name,
        inputs.map((input) => input.shape),
      ),
      dtype,
    };
  };
  const op = defineOp<A>(name, {
    infer,
    lower: immediate ? { elementwise: operation, immediate } : { elementwise: operation },
    ...(partials ? {} : { constant: true }),
    vjp: ([g], inputs, [y], _attributes, wanted) =>
      inputs.map((x, i) => (wanted[i] && partials?.[i] ? sumTo(partial(i)(g, inputs, y), x.shape) : null)),
    jvp: (tangents, inputs, [y]) => {
      const parts = tangents.flatMap((dx, i) => (dx && partials?.[i] ? [partial(i)(dx, inputs, y)] : []));
      // The tangent of an input that is repeated is repeated as well.
      return [parts.length === 0 ? null : broadcastTo(parts.reduce(addition), y.shape)];
    },
    example: exampleRule(name, partial),
    // Inputs broadcast from the last axis on: the batch has to stand before as many axes as the result has.
    batch: ({ inputs, batched, outputs: [y], attributes, apply }) =>
      apply(
        inputs.map((input, i) => (batched[i] ? ofRank(input, y.shape.length) : input)),
        attributes,
      ),
  });
  promotions.set(op, { free, inFloats });
  return op;
}

/** Set by arithmetic.ts, which defines addition and conversion with this file. */
let addition: (a: Tensor, b: Tensor) => Tensor;
let conversion: (x: Tensor, dtype: DType) => Tensor;
export const setAddition = (add: typeof addition): void => void (addition = add);
export const setConversion = (cast: typeof conversion): void => void (conversion = cast);

function exampleRule<A>(name: string, partial: (which: number) => Partial): ExampleRule<A> {
  return {
    axis: ({ axes, inputs, outputs: [output], mixes }) => {
      const [first, ...others] = inputs.flatMap((input, i) => {
        const axis = axes[i];
        return axis ? [moved(axis, axis.axis + output.shape.length - input.shape.length)] : [];
      });
      const agree = first && others.every((axis) => sameExampleAxis(axis, first));
      return agree ? first : mixes('its inputs have the examples in different places');
    },
    site: ({ which, cotangents: [g], inputs, outputs: [y], outputAxis }) => {
      const shape = at(inputs, which).shape;
      const aligned = shape[outputAxis.axis - y.shape.length + shape.length] ?? 1;
      if (aligned !== 1) {
        throw new PalimpsestError(
          'ERR_EXAMPLE_AXIS',
          `${name}: a parameter of shape ${formatShape(shape)} has an entry per example; put it in the batch`,
        );
      }
      return {
        kind: 'dense',
        values: sumToExamples(examplesFirst(partial(which)(g, inputs, y), outputAxis), shape),
      };
    },
    through: ({ which, site, inputs, outputs: [y] }) => {
      const shape = at(inputs, which).shape;
      if (site.kind === 'dense') {
        // The other inputs broadcast over the leading example axis by themselves.
        return { kind: 'dense', values: sumToExamples(partial(which)(site.values, inputs, y), shape) };
      }
      // A factor scales as the product does when the partial is a number: the identity, a sign, a scalar.
      const others = inputs.filter((_, i) => i !== which);
      const uniform = LINEAR.has(name) || (name === 'mul' && others.every((other) => other.size === 1));
      if (!uniform || !sameShape(shape, y.shape)) return null;
      const scaled = (factor: Tensor): Tensor => partial(which)(factor, several(inputs.map(asScalar)), y);
      switch (site.kind) {
        case 'product':
          return { ...site, right: scaled(site.right) };
        case 'convolution':
          return { ...site, cotangent: scaled(site.cotangent) };
        case 'gather':
          return { ...site, cotangents: scaled(site.cotangents) };
      }
    },
  };
  function asScalar(x: Tensor): Tensor {
    return x.size === 1 && x.shape.length > 0 ? sumTo(x, []) : x;
  }
}

/** Ops whose partials are plus or minus one. */
const LINEAR = new Set(['add', 'sub', 'neg', 'identity', 'cast']);

function checkDTypes(name: string, inputs: readonly Spec[], accepted: readonly DType[]): void {
  const [first, ...rest] = inputs;
  if (!first) return;
  if (!accepted.includes(first.dtype)) {
    const list = accepted.join(', ').replace(/, (?=[^,]*$)/, ' or ');
    throw new DTypeError(`${name}: ${list} expected, got ${first.dtype}`);
  }
  for (const other of rest) {
    if (other.dtype !== first.dtype) {
      throw new DTypeError(
        `${name}: inputs must have one dtype, got ${first.dtype} and ${other.dtype}; use cast`,
      );
    }
  }
}

/** A tensor, or a number that gives way to the dtype of its partner. */
export type Operand = Tensor | number;

/** A scalar constant of the dtype of `like`. */
export type Scalar = (value: number, dtype: DType) => Tensor;

/** All operands as tensors; numbers take the dtype in which they meet the tensors. Numbers alone are float32. */
export function operands(where: string, scalar: Scalar, ...items: readonly Operand[]): Tensor[] {
  checkOperands(where, items);
  const own = items.flatMap((item) => (item instanceof Tensor ? [item.dtype] : []));
  const numbers = items.filter((item) => typeof item === 'number');
  const dtype = numbers.reduce<DType>(
    (met, value) => promoteNumber(where, met, value),
    own.length > 0 ? own.reduce(promoteTypes) : 'float32',
  );
  return items.map((item) => (item instanceof Tensor ? item : scalar(item, dtype)));
}

/** The inputs in the dtype in which they meet: conversions are steps of the graph, so derivatives go through them. */
function promoted(op: object, inputs: readonly Tensor[]): readonly Tensor[] {
  const { free, inFloats } = promotions.get(op) ?? { free: 0, inFloats: false };
  const dtypes = inputs.slice(free).map((input) => input.dtype);
  if (dtypes.length < 1) return inputs;
  const met = dtypes.reduce(promoteTypes);
  const common = inFloats && !isFloat(met) ? 'float32' : met;
  return inputs.map((input, i) => (i < free || input.dtype === common ? input : converted(input, common)));
}

/** A conversion beneath a broadcast: the elements are converted once, and the broadcast stays visible. */
function converted(x: Tensor, dtype: DType): Tensor {
  const source = x.node?.op === (broadcastToOp as unknown as Op) ? x.node.inputs[0] : undefined;
  return source ? broadcastTo(conversion(source, dtype), x.shape) : conversion(x, dtype);
}

/**
 * Applies an elementwise op to inputs of any dtypes, which are promoted to one. An operand that was broadcast beforehand is
 * taken as it was: the kernel repeats elements itself, and the example axis stays visible.
 */
export function applyElementwise<A>(op: Op<A>, given: readonly Tensor[], attributes: A): Tensor {
  checkInputs(op.name, given);
  const inputs = promoted(op, given);
  const shape = broadcastShapes(
    op.name,
    inputs.map((input) => input.shape),
  );
  const plain = [...inputs];
  // One after the other: when all were broadcast, one of them has to keep the shape.
  inputs.forEach((input, i) => (plain[i] = withoutBroadcast(op.name, plain, i, shape) ?? input));
  return single(op(plain, attributes));
}

function withoutBroadcast(
  name: string,
  inputs: readonly Tensor[],
  which: number,
  shape: Shape,
): Tensor | undefined {
  const input = at(inputs, which);
  const source = input.node?.op === (broadcastToOp as unknown as Op) ? input.node.inputs[0] : undefined;
  if (!source) return undefined;
  const shapes = inputs.map((other, i) => (i === which ? source.shape : other.shape));
  return sameShape(broadcastShapes(name, shapes), shape) ? source : undefined;
}

function at(inputs: readonly Tensor[], which: number): Tensor {
  const input = inputs[which];
  if (!input) throw new PalimpsestError('ERR_INTERNAL', `an elementwise op has no input ${which}`);
  return input;
}
