import { checkOptions, OptionError } from '../../errors';
import { native } from '../../native';
import { checkDType, type DType } from '../dtype';
import { fuse } from '../lowering/fuse';
import type { Lowered } from '../lowering/lower';
import type { Block } from '../lowering/value';
import { Parameters } from '../parameters';
import { planPlaces } from '../lowering/places';
import { peakOf } from './peak';
import { checkShape, type Shape } from '../shape';
import { Tensor, type Spec } from '../tensor';
import { trace } from '../lowering/trace';
import { tensorsOf } from '../tree';
import { instructionOf, type Instruction } from './instruction';
import { bytesText, flopsText, textTable } from './text';

/** The same tree where a tensor may also be given as `{ shape, dtype }`. */
export type Specs<T> = T extends Tensor
  ? Tensor | Spec
  : T extends Parameters
    ? Parameters
    : T extends object
      ? { readonly [K in keyof T]: Specs<T[K]> }
      : T;

/** What all applications of one op, or of one kind of chain, cost together. */
export interface OpCost {
  readonly op: string;
  readonly count: number;
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** What a machine can do at most. */
export interface MachineLimits {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** What a program costs, known before it runs. `String(estimate)` is a table. */
export class Estimate {
  /** Floating-point operations: a multiply-add counts as two, anything else, also an exponential, as one. */
  readonly flops: number;
  /** Every input of every instruction, whole: what comes from the caches counts too. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Of the arguments and of the tensors that the function took from its surroundings. */
  readonly inputBytes: number;
  /** Of the results, but for those that are inputs under another shape. */
  readonly outputBytes: number;
  /** Of what lies between, at the most: memory is freed when nothing needs it any more. */
  readonly temporaryBytes: number;
  /**
   * The most that inputs, results and everything between take at one time, as the engine's allocator hands them out. Not what a kernel takes for the
   * time of its own call: products pack their operands into panels of a MiB or two per thread.
   */
  readonly peakBytes: number;
  /** Of the `Parameters` among the arguments; undefined without any. */
  readonly parametersBytes: number | undefined;
  /** Kernel calls. */
  readonly steps: number;
  /** The most operations first. */
  readonly byOp: readonly OpCost[];
  readonly instructions: readonly Instruction[];

  /**
   * Not for direct use: `estimate` and `compiled.estimate` make these.
   * @internal
   */
  constructor(lowered: Lowered, parametersBytes?: number) {
    const steps = fuse(lowered);
    const peak = peakOf(steps, planPlaces(steps), native.capacityOf);
    const results = lowered.outputs.map(({ block }) => block);
    const computed = new Set<Block>(results.filter((block) => block.input < 0));
    this.instructions = steps.map(instructionOf);
    this.steps = steps.length;
    this.flops = total(this.instructions, ({ flops }) => flops);
    this.bytesRead = total(this.instructions, ({ bytesRead }) => bytesRead);
    this.bytesWritten = total(this.instructions, ({ bytesWritten }) => bytesWritten);
    this.inputBytes = total(new Set(lowered.inputs), ({ bytes }) => native.capacityOf(bytes));
    this.outputBytes = total(computed, ({ bytes }) => native.capacityOf(bytes));
    this.temporaryBytes = peak.temporaryBytes;
    this.peakBytes = this.inputBytes + peak.bytes;
    this.parametersBytes = parametersBytes;
    this.byOp = costsByOp(this.instructions);
  }

  /**
   * Seconds on a machine that does so much: every instruction takes as long as the slower of its arithmetic and its
   * traffic. A lower bound where nothing stays in the caches, and an upper one where all does.
   * @throws OptionError for a limit that is not positive.
   */
  secondsAt(limits: MachineLimits): number {
    checkOptions('secondsAt', limits, ['flopsPerSecond', 'bytesPerSecond']);
    const { flopsPerSecond, bytesPerSecond } = limits;
    for (const [name, value] of Object.entries({ flopsPerSecond, bytesPerSecond })) {
      if (!(value > 0)) throw new OptionError(`secondsAt: ${name} must be positive, got ${value}`);
    }
    return total(this.instructions, ({ flops, bytesRead, bytesWritten }) =>
      Math.max(flops / limits.flopsPerSecond, (bytesRead + bytesWritten) / limits.bytesPerSecond),
    );
  }

  toString(): string {
    const table = textTable(this.byOp, [
      { title: 'op', text: ({ op }) => op },
      { title: 'count', text: ({ count }) => String(count) },
      { title: 'operations', text: ({ flops }) => flopsText(flops) },
      { title: 'read', text: ({ bytesRead }) => bytesText(bytesRead) },
      { title: 'written', text: ({ bytesWritten }) => bytesText(bytesWritten) },
    ]);
    const parts = [
      `${this.steps} steps`,
      flopsText(this.flops),
      `${bytesText(this.bytesRead)} read`,
      `${bytesText(this.bytesWritten)} written`,
      `peak ${bytesText(this.peakBytes)}`,
    ];
    return `${table}\n${parts.join(', ')}`;
  }
}

/**
 * What a call would cost, without running it: operations, traffic, memory at its peak. It goes through the same
 * lowering, fusion and placing as the call itself; nothing is computed and no tensor gets memory.
 *
 * `args` are the arguments as the function takes them; any tensor may be given as `{ shape, dtype }`, also in a nested
 * object. For `Parameters` of a model that is not there use lazy tensors, `zeros(shape)`, which have no memory either.
 *
 * @example
 * const { flops, peakBytes } = estimate(matmul, [
 *   { shape: [4096, 4096], dtype: 'float32' },
 *   { shape: [4096, 4096], dtype: 'float32' },
 * ]);
 * @throws whatever the function throws; PalimpsestError ERR_ARGUMENT when it is asynchronous; ShapeError and DTypeError
 *   for a spec that is none.
 */
export function estimate<A extends readonly unknown[]>(
  fn: (...args: A) => unknown,
  args: Specs<A>,
): Estimate {
  const tensors = withPlaceholders(args) as A;
  return new Estimate(trace('estimate', fn, tensors).lowered, bytesOfParameters(tensors));
}

/** The tree with a tensor in place of every spec. */
export function withPlaceholders(tree: unknown): unknown {
  if (tree instanceof Tensor || tree instanceof Parameters) return tree;
  if (Array.isArray(tree)) return tree.map(withPlaceholders);
  if (typeof tree !== 'object' || tree === null) return tree;
  if (isSpec(tree)) {
    checkShape('estimate', tree.shape);
    checkDType('estimate', tree.dtype);
    return new Tensor({ shape: [...tree.shape], dtype: tree.dtype });
  }
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, withPlaceholders(item)]));
}

const isSpec = (value: object): value is { readonly shape: Shape; readonly dtype: DType } =>
  'shape' in value && Array.isArray(value.shape) && 'dtype' in value && typeof value.dtype === 'string';

/** The bytes of all `Parameters` of a tree; undefined when there are none. */
export function bytesOfParameters(tree: unknown): number | undefined {
  if (tree instanceof Tensor || typeof tree !== 'object' || tree === null) return undefined;
  if (tree instanceof Parameters) return total(tensorsOf(tree), ({ bytes }) => bytes);
  const parts = Object.values(tree).flatMap((item) => bytesOfParameters(item) ?? []);
  return parts.length === 0 ? undefined : total(parts, (bytes) => bytes);
}

function costsByOp(instructions: readonly Instruction[]): OpCost[] {
  const costs = new Map<string, OpCost>();
  for (const { op, flops, bytesRead, bytesWritten } of instructions) {
    const known = costs.get(op) ?? { op, count: 0, flops: 0, bytesRead: 0, bytesWritten: 0 };
    costs.set(op, {
      op,
      count: known.count + 1,
      flops: known.flops + flops,
      bytesRead: known.bytesRead + bytesRead,
      bytesWritten: known.bytesWritten + bytesWritten,
    });
  }
  return [...costs.values()].sort((a, b) => b.flops - a.flops || b.bytesWritten - a.bytesWritten);
}

function total<T>(items: Iterable<T>, of: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return sum;
}
