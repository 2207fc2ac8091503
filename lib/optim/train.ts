import { OptionError } from '../errors';
import type { Batch } from '../data/batches';
import type { LabeledSet } from '../data/labeledSet';
import type { Parameters } from '../graph/parameters';
import type { RunOptions, Tensor } from '../graph/tensor';
import type { Model } from '../models/model';
import { softmaxCrossEntropy } from '../ops/losses/softmaxCrossEntropy';
import { mean } from '../ops/reduce/reduce';
import { fit, type FitOptions } from './loop/fit';

/** The mean loss of a batch. */
export type BatchLoss = (model: Model, parameters: Parameters, x: Tensor, y: Tensor) => Tensor;

/** The mean cross-entropy of the given labels. */
export const crossEntropyLoss: BatchLoss = (model, parameters, x, y) =>
  mean(softmaxCrossEntropy(model.forward(parameters, x), y));

export interface TrainOptions extends Pick<
  FitOptions<Parameters, never>,
  'optimizer' | 'epochs' | 'evaluation' | 'checkpoint'
> {
  /** Default 128. */
  readonly batchSize?: number;
  /** Of the order of the examples, which differs from epoch to epoch. Default 0. */
  readonly seed?: number;
  /** Default: cross-entropy. */
  readonly loss?: BatchLoss;
  /** Looked at every `everySteps` steps; a true answer ends the run. */
  readonly stopWhen?: StopRule;
}

export interface StopRule {
  readonly everySteps: number;
  /** The parameters are those of the moment and must not be kept. */
  readonly test: (parameters: Parameters) => Promise<boolean>;
}

/** How many steps `train` makes. */
export const stepCount = (
  data: LabeledSet,
  { epochs, batchSize = 128 }: Pick<TrainOptions, 'epochs' | 'batchSize'>,
): number => epochs * Math.ceil(data.size / batchSize);

/**
 * Trains a model on mini-batches from `model.parameters`, which stay as they are, and returns new parameters. When it
 * throws, also on abort, nothing is left behind.
 *
 * @example
 * const trained = await train(model, data, { optimizer: adam(), epochs: 3 }, { signal, onProgress });
 * @throws NotFiniteError when a loss or a parameter becomes NaN or infinite; AbortedError when `signal` fires; OptionError
 *   for an empty set.
 */
export async function train(
  model: Model,
  data: LabeledSet,
  options: TrainOptions,
  run: RunOptions = {},
): Promise<Parameters> {
  const { batchSize = 128, seed = 0, loss = crossEntropyLoss, stopWhen, epochs, ...shared } = options;
  if (data.size === 0) throw new OptionError('train: the set is empty');
  const { params } = await fit<Parameters, Pick<Batch, 'x' | 'y'>>(
    {
      ...shared,
      epochs,
      params: model.parameters,
      loss: (parameters, { x, y }) => loss(model, parameters, x, y),
      batches: (epoch) => batchesOf(data, batchSize, seed, epoch),
      totalSteps: stepCount(data, options),
      ...(stopWhen ? { stopWhen: { ...stopWhen, test: ({ params: now }) => stopWhen.test(now) } } : {}),
    },
    run,
  );
  return params;
}

/** The tensors of every batch, which are freed when the next one is asked for. */
function* batchesOf(
  data: LabeledSet,
  batchSize: number,
  seed: number,
  epoch: number,
): Generator<Pick<Batch, 'x' | 'y'>> {
  for (const batch of data.batches(batchSize, { order: 'shuffled', seed, epoch })) {
    using example = batch;
    yield { x: example.x, y: example.y };
  }
}
