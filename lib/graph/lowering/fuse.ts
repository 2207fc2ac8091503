import { dtypeCode } from '../dtype';
import { withWideHalves } from '../halves/halves';
import { withAddedProducts, readersOf } from './addedProducts';
import { withStepsTogether } from './together';
import type { ElementwiseStep, KernelStep, Lowered, Step } from './lower';
import { withMergedRows } from './mergedRows';
import { sameValue, type Block, type Value } from './value';
import { elementwiseNumbers } from '../../native';
import { PalimpsestError } from '../../errors';
import { sameShape, type Shape } from '../shape';

/** Longer chains gain nothing: a block of each register has to stay in the first-level cache. */
const MAX_CHAIN_STEPS = 40;

const NOBODY: readonly Step[] = [];

interface Chain {
  readonly shape: Shape;
  /** In reverse order of the program; the first is the one whose result leaves the chain. */
  readonly members: ElementwiseStep[];
}

/**
 * Turns elementwise steps into `fused` instructions. A step joins the chain of its consumers when they all are in one
 * chain of the same shape, so that its result is needed nowhere else and never goes to memory. Constants are repeated in
 * every chain that uses them.
 */
export function fuse(lowered: Pick<Lowered, 'steps'>): KernelStep[] {
  const steps = withMergedRows(withAddedProducts(withStepsTogether(withWideHalves(lowered.steps))));
  const readers = readersOf(steps);
  const chains = new Map<ElementwiseStep, Chain>();
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step?.kind !== 'elementwise' || isConstant(step)) continue;
    const chain = chainOfReaders(step, readers.get(step.output.block) ?? NOBODY, chains);
    if (chain) {
      chain.members.push(step);
      chains.set(step, chain);
    } else {
      chains.set(step, { shape: step.output.shape, members: [step] });
    }
  }
  const constants = new Map<Block, ElementwiseStep>();
  const fused: KernelStep[] = [];
  for (const step of steps) {
    if (step.kind === 'kernel') {
      fused.push(step);
    } else if (isConstant(step)) {
      constants.set(step.output.block, step);
      if (isStored(step, readers)) fused.push(instruction([step], constants));
    } else {
      const members = chains.get(step)?.members ?? [];
      if (members[0] === step) fused.push(instruction([...members].reverse(), constants));
    }
  }
  return fused;
}

const isConstant = (step: ElementwiseStep): boolean => step.operation === 'full';

/** A constant has to be in memory when a kernel reads it, or when it is a result. */
const isStored = (step: ElementwiseStep, readers: ReadonlyMap<Block, readonly Step[]>): boolean =>
  step.output.block.output >= 0 ||
  (readers.get(step.output.block) ?? NOBODY).some((reader) => reader.kind === 'kernel');

function chainOfReaders(
  step: ElementwiseStep,
  readers: readonly Step[],
  chains: ReadonlyMap<ElementwiseStep, Chain>,
): Chain | undefined {
  const { block, shape } = step.output;
  const [first] = readers;
  if (block.output >= 0 || first?.kind !== 'elementwise') return undefined;
  const chain = chains.get(first);
  if (!chain || !sameShape(chain.shape, shape) || isLong(chain)) return undefined;
  const inChain = (reader: Step): boolean =>
    reader.kind === 'elementwise' &&
    chains.get(reader) === chain &&
    // Read through a reshape, the elements no longer line up with the loop.
    reader.inputs.every((input) => input.block !== block || sameShape(input.shape, shape));
  return readers.every(inChain) ? chain : undefined;
}

/** Conversions of 16-bit floats are cheap, and most of them fall away: they do not count. */
const isLong = ({ members }: Chain): boolean =>
  members.length >= MAX_CHAIN_STEPS &&
  members.filter(({ rounding }) => rounding === undefined).length >= MAX_CHAIN_STEPS;

interface Simplified {
  readonly members: readonly ElementwiseStep[];
  /** What the chain writes: computed by a member, or one of its inputs. */
  readonly result: Value;
}

/**
 * A chain without conversions between neighbours: what one step rounds for storage, the next takes as it was before; and
 * a value is widened once.
 */
function withoutRoundTrips(chain: readonly ElementwiseStep[], output: Value): Simplified {
  const beforeRounding = new Map<Block, Value>();
  const standIns = new Map<Block, Value>();
  const widened: ElementwiseStep[] = [];
  const actual = (value: Value): Value => standIns.get(value.block) ?? value;
  const members = chain.flatMap((step) => {
    const inputs = step.inputs.map(actual);
    const [first] = inputs;
    if (step.rounding === 'narrow' && first) beforeRounding.set(step.output.block, first);
    if (step.rounding === 'widen' && first) {
      const known = widened.find((other) => other.inputs[0] && sameValue(other.inputs[0], first));
      const standIn = beforeRounding.get(first.block) ?? known?.output;
      if (standIn) {
        standIns.set(step.output.block, standIn);
        return [];
      }
      widened.push(step);
    }
    return [{ ...step, inputs }];
  });
  const result = actual(output);
  const read = new Set([...members.flatMap((step) => step.inputs), result].map((value) => value.block));
  return {
    members: members.filter((step) => step.rounding === undefined || read.has(step.output.block)),
    result,
  };
}

/** Encodes a chain: native/kernels/elementwise documents the numbers. */
function instruction(
  chain: readonly ElementwiseStep[],
  constants: ReadonlyMap<Block, ElementwiseStep>,
): KernelStep {
  const last = chain.at(-1);
  if (!last) throw new PalimpsestError('ERR_INTERNAL', 'fuse: an empty chain');
  const hasRoundTrips = chain.some(({ rounding }) => rounding !== undefined);
  const { members, result }: Simplified = hasRoundTrips
    ? withoutRoundTrips(chain, last.output)
    : { members: chain, result: last.output };
  /** Which step of the body makes a block; as yet counted from the first of its kind. */
  const made = new Map<Block, number>();
  for (const { output } of members) made.set(output.block, made.size);
  const inputs: Value[] = [];
  const body: ElementwiseStep[] = [];
  const meet = (value: Value): void => {
    if (made.has(value.block)) return;
    const constant = constants.get(value.block);
    if (constant) {
      if (!body.includes(constant)) body.push(constant);
    } else if (!inputs.some((known) => sameValue(known, value))) {
      inputs.push(value);
    }
  };
  for (const member of members) for (const value of member.inputs) meet(value);
  meet(result);
  for (const member of members) body.push(member);
  body.forEach(({ output }, step) => made.set(output.block, step));
  const register = (value: Value | undefined): number => {
    if (value === undefined) return -1;
    const step = made.get(value.block);
    return step !== undefined ? inputs.length + step : inputs.findIndex((known) => sameValue(known, value));
  };
  const attributes = [body.length];
  for (const { operation, output, inputs: read, immediate } of body) {
    attributes.push(operationNumber(operation), dtypeCode(output.dtype));
    attributes.push(register(read[0]), register(read[1]), register(read[2]), immediate);
  }
  attributes.push(register(result));
  const ops: string[] = [];
  for (const member of members) for (const op of member.ops) ops.push(op);
  return {
    kind: 'kernel',
    kernel: 'fused',
    takesHalves: true,
    // A chain of nothing but conversions that nobody asked for is one all the same.
    ops: ops.length > 0 ? ops : ['cast'],
    flops: members.reduce((total, member) => total + member.flops, 0),
    attributes,
    inputs,
    outputs: [last.output],
  };
}

function operationNumber(name: string): number {
  const number = elementwiseNumbers.get(name);
  if (number === undefined)
    throw new PalimpsestError('ERR_INTERNAL', `no native elementwise operation '${name}'`);
  return number;
}
