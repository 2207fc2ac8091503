import { PalimpsestError } from '../../errors';
import { bytesPerElement } from '../dtype';
import { flopsOf } from '../flops';
import { several, type Lowering } from '../op';
import { formatShape, sameShape, sizeOf, type Shape } from '../shape';
import type { Node, Tensor } from '../tensor';
import { spelled } from './spelled';
import { isWhole, newValue, type Block, type Value } from './value';
import { ValueNumbers } from './valueNumbers';
import { nodesInOrder } from './walk';

/** Where a step comes from: what estimates and profiles say of it. */
export interface Origin {
  /** The op, or the ops of a chain in their order. */
  readonly ops: readonly string[];
  readonly flops: number;
}

export interface KernelStep extends Origin {
  readonly kind: 'kernel';
  readonly kernel: string;
  /** The kernel reads and writes 16-bit floats by itself, or reads its two sides and gives float32. */
  readonly takesHalves: boolean | 'sides';
  readonly attributes: readonly number[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface ElementwiseStep extends Origin {
  readonly kind: 'elementwise';
  readonly operation: string;
  readonly immediate: number;
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** A conversion that nobody asked for: it widens a 16-bit float for the next step or rounds a result for storage. */
  readonly rounding?: 'widen' | 'narrow';
}

export type Step = KernelStep | ElementwiseStep;

/** A graph as a list of steps: common subexpressions merged, views resolved, nothing fused or placed yet. */
export interface Lowered {
  readonly steps: readonly Step[];
  /** The tensors whose bytes the program reads, in the order of its inputs. */
  readonly inputs: readonly Tensor[];
  /** Each requested tensor: a whole block, which several may share, or an input or a stretch of one. */
  readonly outputs: readonly Value[];
}

/**
 * Lowers what `outputs` need. `placeholders` become the first inputs whether they are used or not; other tensors with
 * data become inputs as they are met.
 */
export function lower(outputs: readonly Tensor[], placeholders: readonly Tensor[] = []): Lowered {
  return new Lowerer(placeholders).lower(outputs);
}

class Lowerer {
  readonly #values = new Map<Tensor, Value>();
  readonly #inputs: Tensor[] = [];
  readonly #steps: Step[] = [];
  /** Applications seen so far, by op, inputs and attributes. */
  readonly #seen = new Map<string, readonly Value[]>();
  /** What stands for a value in these keys. */
  readonly #numbers = new ValueNumbers();
  readonly #placeholders: ReadonlySet<Tensor>;
  #barriers = 0;

  constructor(placeholders: readonly Tensor[]) {
    this.#placeholders = new Set(placeholders);
    for (const tensor of placeholders) this.#input(tensor);
  }

  lower(outputs: readonly Tensor[]): Lowered {
    for (const node of nodesInOrder(outputs)) {
      const values = this.#apply(node);
      const { outputs } = node;
      for (let i = 0; i < outputs.length; i++) this.#values.set(present(outputs[i]), present(values[i]));
    }
    const values = outputs.map((tensor) => this.#result(this.#value(tensor)));
    let count = 0;
    for (const { block } of values) {
      if (block.input < 0 && block.output < 0) block.output = count++;
    }
    return { steps: this.#steps, inputs: this.#inputs, outputs: values };
  }

  /** A stretch of something computed is copied, so that a result does not hold more memory than it needs. */
  #result(value: Value): Value {
    if (value.block.input >= 0 || isWhole(value)) return value;
    const output = newValue(value.shape, value.dtype);
    const inputs = [value];
    this.#steps.push({
      kind: 'elementwise',
      ops: ['slice'],
      flops: 0,
      operation: 'cast',
      immediate: 0,
      inputs,
      output,
    });
    return output;
  }

  #value(tensor: Tensor): Value {
    return this.#values.get(tensor) ?? this.#input(tensor);
  }

  #input(tensor: Tensor): Value {
    if (!this.#placeholders.has(tensor)) tensor.checkEvaluated();
    const block: Block = { bytes: tensor.bytes, input: this.#inputs.length, output: -1 };
    this.#inputs.push(tensor);
    const value = { block, offset: 0, shape: tensor.shape, dtype: tensor.dtype, passed: 0 };
    this.#values.set(tensor, value);
    return value;
  }

  #apply(node: Node): readonly Value[] {
    const { op, attributes } = node;
    const inputs: Value[] = [];
    for (const tensor of node.inputs) inputs.push(this.#value(tensor));
    if (op.lower === 'alias' || op.lower === 'barrier') {
      const barrier = op.lower === 'barrier' ? ++this.#barriers : 0;
      return node.outputs.map(({ shape, dtype }, i) => {
        const { block, offset, passed } = present(inputs[i]);
        return { block, offset, shape, dtype, passed: barrier || passed };
      });
    }
    const window = 'window' in op.lower ? op.lower.window(attributes) : undefined;
    if (window !== undefined) {
      const { block, offset, passed } = present(inputs[0]);
      return node.outputs.map(({ shape, dtype }) => {
        return { block, offset: offset + window * bytesPerElement(dtype), shape, dtype, passed };
      });
    }
    let key = op.name;
    for (const value of inputs) key += ` ${this.#numbers.of(value)}`;
    key += spelled(attributes);
    const known = this.#seen.get(key);
    if (known) return known;
    const outputs: Value[] = [];
    for (const { shape, dtype } of node.outputs) outputs.push(newValue(shape, dtype));
    this.#steps.push(this.#step(op.lower, node, inputs, outputs));
    this.#seen.set(key, outputs);
    return outputs;
  }

  #step(
    how: Exclude<Lowering<object>, string>,
    node: Node,
    inputs: readonly Value[],
    outputs: readonly Value[],
  ): Step {
    const { op, attributes } = node;
    const ops = [op.name];
    const flops = flopsOf(op, node.inputs, node.outputs, attributes);
    if ('elementwise' in how) {
      const immediate = how.immediate?.(attributes) ?? 0;
      const output = present(outputs[0]);
      return { kind: 'elementwise', ops, flops, operation: how.elementwise, immediate, inputs, output };
    }
    const views = how.views?.(attributes, several(node.inputs), several(node.outputs));
    const viewed = (values: readonly Value[], shapes: readonly Shape[] | undefined): readonly Value[] =>
      shapes ? values.map((value, i) => reshaped(value, present(shapes[i]))) : values;
    return {
      kind: 'kernel',
      ops,
      flops,
      kernel: how.kernel,
      takesHalves: how.takesHalves ?? false,
      attributes: how.attributes?.(attributes, several(node.inputs), several(node.outputs)) ?? [],
      inputs: viewed(inputs, views?.inputs),
      outputs: viewed(outputs, views?.outputs),
    };
  }
}

const reshaped = (value: Value, shape: Shape): Value => {
  if (sizeOf(shape) !== sizeOf(value.shape)) {
    throw new PalimpsestError(
      'ERR_INTERNAL',
      `lower: ${formatShape(value.shape)} cannot be viewed as ${formatShape(shape)}`,
    );
  }
  const { block, offset, dtype, passed } = value;
  return sameShape(shape, value.shape) ? value : { block, offset, shape, dtype, passed };
};

function present<T>(item: T | undefined): T {
  if (item === undefined)
    throw new PalimpsestError('ERR_INTERNAL', 'lower: an op with too few inputs, outputs or views');
  return item;
}
