import { OptionError } from '../errors';
import type { LabeledSet } from '../data/labeledSet';
import { compile } from '../graph/compile';
import { evaluate } from '../graph/evaluate';
import type { Parameters } from '../graph/parameters';
import type { RunOptions, Tensor } from '../graph/tensor';
import { tensorsOf } from '../graph/tree';
import type { Model } from '../models/model';
import { softmaxCrossEntropy } from '../ops/losses/softmaxCrossEntropy';
import { mean } from '../ops/reduce/reduce';
import { valueAndGrad } from '../transforms/grad';
import type { Optimizer, OptimizerState } from './optimizer';

/** The mean loss of a batch. */
export type BatchLoss = (model: Model, parameters: Parameters, x: Tensor, y: Tensor) => Tensor;

/** The mean cross-entropy of the given labels. */
export const crossEntropyLoss: BatchLoss = (model, parameters, x, y) =>
  mean(softmaxCrossEntropy(model.forward(parameters, x), y));

export interface TrainOptions {
  readonly optimizer: Optimizer;
  readonly epochs: number;
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
  { epochs, batchSize = 128 }: Omit<TrainOptions, 'optimizer'>,
): number => epochs * Math.ceil(data.size / batchSize);

/**
 * Trains a model on mini-batches from `model.parameters`, which stay as they are, and returns new parameters. When it
 * throws, also on abort, nothing is left behind.
 *
 * @example
 * const trained = await train(model, data, { optimizer: adam(), epochs: 3 }, { signal, onProgress });
 * @throws AbortedError when `signal` fires; OptionError for an empty set.
 */
export async function train(
  model: Model,
  data: LabeledSet,
  options: TrainOptions,
  run: RunOptions = {},
): Promise<Parameters> {
  const { optimizer, epochs, batchSize = 128, seed = 0, loss = crossEntropyLoss, stopWhen } = options;
  if (data.size === 0) throw new OptionError('train: the set is empty');
  const step = compile((params: Parameters, state: OptimizerState<Parameters>, x: Tensor, y: Tensor) => {
    const { value, grad } = valueAndGrad((theta: Parameters) => loss(model, theta, x, y))(params);
    return { ...optimizer.step(params, grad, state), loss: value };
  }).withOptions(run.signal ? { signal: run.signal } : {});

  const total = stepCount(data, options);
  let params = model.parameters;
  let state = await evaluate(optimizer.init(params));
  let done = 0;
  const release = (): void => {
    if (params !== model.parameters) params.dispose();
    for (const tensor of tensorsOf(state)) tensor.dispose();
  };
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const batch of data.batches(batchSize, { order: 'shuffled', seed, epoch })) {
        using example = batch;
        const next = await step(params, state, example.x, example.y);
        next.loss.dispose();
        release();
        ({ params, state } = next);
        done += 1;
        run.onProgress?.({ done, total, phase: 'training' });
        if (stopWhen && done % stopWhen.everySteps === 0 && (await stopWhen.test(params))) return params;
      }
    }
    return params;
  } catch (error) {
    release();
    throw error;
  } finally {
    for (const tensor of tensorsOf(state)) tensor.dispose();
  }
}
