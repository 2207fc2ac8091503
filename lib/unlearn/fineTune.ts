import { checkOptions } from '../errors';
import type { LabeledSet } from '../data/labeledSet';
import type { RunOptions } from '../graph/tensor';
import type { Model } from '../models/model';
import { adam } from '../optim/adam';
import { train } from '../optim/train';
import { secondsSince, type Unlearned } from './unlearned';

export interface FineTuneOptions {
  /** Default 1. */
  readonly epochs?: number;
  /** Of Adam. Default 1e-3. */
  readonly learningRate?: number;
  /** Default 128. */
  readonly batchSize?: number;
  /** Of the order of the examples. Default 0. */
  readonly seed?: number;
}

/**
 * Goes on training on what is to be kept, and hopes that the rest is forgotten (the "catastrophic forgetting" baseline of
 * Golatkar et al. 2020 and most papers since).
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function fineTune(
  model: Model,
  retain: LabeledSet,
  options: FineTuneOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<Required<FineTuneOptions>>> {
  checkOptions('fineTune', options, ['epochs', 'learningRate', 'batchSize', 'seed']);
  const settings = { epochs: 1, learningRate: 1e-3, batchSize: 128, seed: 0, ...options };
  const { epochs, learningRate, batchSize, seed } = settings;
  const start = performance.now();
  const optimizer = adam({ learningRate });
  const parameters = await train(model, retain, { optimizer, epochs, batchSize, seed }, run);
  return { parameters, method: 'fineTune', options: settings, seconds: secondsSince(start), warnings: [] };
}
