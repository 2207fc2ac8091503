import type { Batch } from '../../data/batches';
import type { LabeledSet } from '../../data/labeledSet';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { softmaxCrossEntropy } from '../../ops/losses/softmaxCrossEntropy';
import { mean } from '../../ops/reduce/reduce';
import { fit, type FitOptions } from '../../optim/loop/fit';
import type { Optimizer } from '../../optim/optimizer';
import type { Model } from '../../models/model';

export type Examples = Pick<Batch, 'x' | 'y'>;

/** A step's share of both sets. */
export interface Pair {
  readonly forget: Examples;
  readonly retain: Examples;
}

export interface Sets {
  readonly forget: LabeledSet;
  readonly retain: LabeledSet;
}

export interface LoopSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** The mean cross-entropy of the labels. */
export const crossEntropy = (model: Model, parameters: Parameters, { x, y }: Examples): Tensor =>
  mean(softmaxCrossEntropy(model.forward(parameters, x), y));

/**
 * Trains on a batch of either set at every step. An epoch is one pass over the longer set; the shorter one begins anew, in
 * another order, as often as it ends.
 */
export async function trainOnPairs(
  model: Model,
  sets: Sets,
  {
    loss,
    optimizer,
    loop: { epochs, batchSize, seed },
    ...rest
  }: {
    readonly loss: (parameters: Parameters, pair: Pair, key: Tensor) => Tensor;
    readonly optimizer: Optimizer;
    readonly loop: LoopSettings;
  } & Pick<FitOptions<Parameters, Pair>, 'stopWhen' | 'evaluation'>,
  run: RunOptions,
): Promise<Parameters> {
  const steps = Math.ceil(Math.max(sets.forget.size, sets.retain.size) / batchSize);
  const { params } = await fit<Parameters, Pair>(
    {
      ...rest,
      params: model.parameters,
      loss,
      optimizer,
      epochs,
      seed,
      batches: (epoch) => pairs(sets, { batchSize, seed, epoch, steps }),
      sizeOf: ({ forget, retain }) => (forget.y.shape[0] ?? 0) + (retain.y.shape[0] ?? 0),
      totalSteps: epochs * steps,
    },
    run,
  );
  return params;
}

function* pairs(
  { forget, retain }: Sets,
  {
    steps,
    ...order
  }: { readonly batchSize: number; readonly seed: number; readonly epoch: number; readonly steps: number },
): Generator<Pair> {
  const [first, second] = [endless(forget, order, steps), endless(retain, order, steps)];
  for (let step = 0; step < steps; step++) {
    using a = taken(first);
    using b = taken(second);
    yield { forget: { x: a.x, y: a.y }, retain: { x: b.x, y: b.y } };
  }
}

/** Batch after batch of a set, which is shuffled anew whenever it ends. `steps` rounds at most are told apart. */
function* endless(
  set: LabeledSet,
  { batchSize, seed, epoch }: { readonly batchSize: number; readonly seed: number; readonly epoch: number },
  steps: number,
): Generator<Batch, never> {
  for (let round = 0; ; round++)
    yield* set.batches(batchSize, { order: 'shuffled', seed, epoch: epoch * steps + round });
}

const taken = (batches: Generator<Batch, never>): Batch => batches.next().value;
