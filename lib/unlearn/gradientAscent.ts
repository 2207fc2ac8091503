import { checkOptions } from '../errors';
import type { LabeledSet } from '../data/labeledSet';
import type { RunOptions } from '../graph/tensor';
import type { Model } from '../models/model';
import { neg } from '../ops/elementwise/arithmetic';
import { sgd } from '../optim/sgd';
import { crossEntropyLoss, train, type BatchLoss, type StopRule } from '../optim/train';
import { secondsSince, type Unlearned } from './unlearned';

export interface GradientAscentOptions {
  /** Passes over the forget set at most. Default 1. */
  readonly epochs?: number;
  /** Of plain gradient steps. Default 1e-3. */
  readonly learningRate?: number;
  /** Default 64. */
  readonly batchSize?: number;
  /** Of the order of the examples. Default 0. */
  readonly seed?: number;
}

export interface GradientAscentHooks {
  /** Looked at every `everySteps` steps; a true answer ends the ascent, which has no end of its own. */
  readonly stopWhen?: StopRule;
}

/** The loss turned round: its minimum is where the forget set is predicted worst. */
const ascent: BatchLoss = (model, parameters, x, y) => neg(crossEntropyLoss(model, parameters, x, y));

/**
 * Gradient ascent on the loss of the forget set (NegGrad; Golatkar et al. 2020, Jang et al. 2022). The loss has no upper
 * bound, so it must be stopped: by the number of epochs or by `stopWhen`.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function gradientAscent(
  model: Model,
  forget: LabeledSet,
  options: GradientAscentOptions = {},
  { stopWhen, ...run }: RunOptions & GradientAscentHooks = {},
): Promise<Unlearned<Required<GradientAscentOptions>>> {
  checkOptions('gradientAscent', options, ['epochs', 'learningRate', 'batchSize', 'seed']);
  const settings = { epochs: 1, learningRate: 1e-3, batchSize: 64, seed: 0, ...options };
  const { epochs, learningRate, batchSize, seed } = settings;
  const start = performance.now();
  const parameters = await train(
    model,
    forget,
    {
      optimizer: sgd({ learningRate }),
      epochs,
      batchSize,
      seed,
      loss: ascent,
      ...(stopWhen ? { stopWhen } : {}),
    },
    run,
  );
  return {
    parameters,
    method: 'gradientAscent',
    options: settings,
    seconds: secondsSince(start),
    warnings: [],
  };
}
