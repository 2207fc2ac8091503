import { compile } from '../../graph/compile';
import { evaluate } from '../../graph/evaluate';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { mapTree, tensorsOf, withTensors } from '../../graph/tree';
import { add, cast, div, mul } from '../../ops/elementwise/arithmetic';
import { isFinite, logicalNot } from '../../ops/elementwise/math';
import { sum } from '../../ops/reduce/sum';
import { foldKey, key } from '../../random/key';
import { valueAndGrad } from '../../transforms/grad';
import type { AverageState, WeightAverage } from '../average';
import type { Optimizer, OptimizerState } from '../optimizer';

/** The mean loss of a batch. `key` is another one for every batch: dropout, noise. */
export type FitLoss<P, B> = (params: P, batch: B, key: Tensor) => Tensor;

/** What a step goes from and to. */
export interface Moment<P> {
  readonly params: P;
  readonly state: OptimizerState<P>;
  readonly average: AverageState<P> | undefined;
}

/** Loss and gradients of some batches, each counted as often as it has examples. */
export interface Sums<P> {
  readonly loss: Tensor;
  readonly grad: P;
  readonly weight: Tensor;
}

/** A moment, and the mean loss on the way to it. */
interface Taken<P> {
  readonly moment: Moment<P>;
  readonly loss: number;
}

/** The tensors that go in stay as they are. */
export interface Steps<P, B> extends Disposable {
  /** One step on one batch. */
  readonly take: (from: Moment<P>, batch: NumberedBatch<B>) => Promise<Taken<P>>;
  /** Adds the gradients of a batch to those of others. */
  readonly gather: (params: P, batch: NumberedBatch<B>, sums: Sums<P> | null) => Promise<Sums<P>>;
  /** One step on all that were gathered: as on one batch of all their examples, up to rounding. */
  readonly finish: (from: Moment<P>, sums: Sums<P>) => Promise<Taken<P>>;
}

export interface NumberedBatch<B> {
  readonly batch: B;
  /** How many batches came before it in this run: it makes the batch's key. */
  readonly index: Tensor;
  /** How many examples it has. */
  readonly weight: Tensor;
}

export interface StepRules<P, B> {
  readonly loss: FitLoss<P, B>;
  readonly optimizer: Optimizer;
  readonly average?: WeightAverage | undefined;
  readonly seed: number;
}

/**
 * Compiled steps. A step on one batch is one program; on several it is one for the gradient of each, so that memory is that
 * of one batch, and one for the step.
 */
export function stepsOf<P, B>(
  { loss, optimizer, average, seed }: StepRules<P, B>,
  run: RunOptions,
): Steps<P, B> {
  const options = run.signal ? { signal: run.signal } : {};
  const root = key(seed);
  const slopes = (params: P, { batch, index }: NumberedBatch<B>): { value: Tensor; grad: P } =>
    valueAndGrad((theta: P) => loss(theta, batch, foldKey(root, index)))(params);
  const moved = ({ params, state, average: mean }: Moment<P>, grad: P): Moment<P> => {
    const next = optimizer.step(params, grad, state);
    return { ...next, average: mean && average?.update(mean, next.params) };
  };

  const whole = compile((from: Moment<P>, batch: NumberedBatch<B>) => {
    const { value, grad } = slopes(from.params, batch);
    return { moment: moved(from, grad), loss: value };
  }).withOptions(options);
  const gather = compile((params: P, batch: NumberedBatch<B>, sums: Sums<P> | null): Sums<P> => {
    const { value, grad } = slopes(params, batch);
    const scaled = (x: Tensor): Tensor => mul(x, cast(batch.weight, x.dtype));
    const own = { loss: scaled(cast(value, 'float64')), grad: mapTree(grad, scaled), weight: batch.weight };
    return sums ? added(sums, own) : own;
  }).withOptions(options);
  const gathered = compile((from: Moment<P>, { loss: total, grad, weight }: Sums<P>) => ({
    moment: moved(
      from,
      mapTree(grad, (g) => div(g, cast(weight, g.dtype))),
    ),
    loss: div(total, weight),
  })).withOptions(options);

  return {
    take: async (from, batch) => read(await whole(from, batch)),
    gather,
    finish: async (from, sums) => read(await gathered(from, sums)),
    [Symbol.dispose]: () => root.dispose(),
  };
}

/** Takes the loss out of its tensor. */
async function read<P>(taken: { readonly moment: Moment<P>; readonly loss: Tensor }): Promise<Taken<P>> {
  using loss = taken.loss;
  return { moment: taken.moment, loss: await loss.item() };
}

function added<P>(a: Sums<P>, b: Sums<P>): Sums<P> {
  const others = tensorsOf(b);
  return withTensors(
    a,
    tensorsOf(a).map((x, i) => add(x, others[i] ?? x)),
  );
}

export function disposeAll(tree: unknown): void {
  for (const tensor of tensorsOf(tree)) tensor.dispose();
}

/** Whether no float of the tree is NaN or infinite. */
export async function allFinite(tree: unknown): Promise<boolean> {
  const counts = tensorsOf(tree).map((x) => sum(cast(logicalNot(isFinite(x)), 'int32')));
  await evaluate(counts);
  try {
    const numbers = await Promise.all(counts.map((count) => count.item()));
    return numbers.every((count) => count === 0);
  } finally {
    disposeAll(counts);
  }
}
