import type { LabeledSet } from '../data/labeledSet';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import type { Model } from '../models/model';
import { train, type TrainOptions } from '../optim/train';
import { secondsSince, type Unlearned } from './unlearned';

/**
 * Trains from fresh parameters on what is to be kept: the reference that every method is compared with. For poisoned data
 * of which only a part is known it is no gold standard, because the rest of the poison teaches the same again.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for an empty set.
 */
export async function retrain(
  model: Model,
  fresh: Parameters,
  retain: LabeledSet,
  options: TrainOptions,
  run: RunOptions = {},
): Promise<Unlearned<{ readonly epochs: number; readonly batchSize: number; readonly seed: number }>> {
  const start = performance.now();
  const untrained = { config: model.config, parameters: fresh, forward: model.forward.bind(model) };
  const parameters = await train(untrained, retain, options, run);
  const { epochs, batchSize = 128, seed = 0 } = options;
  return {
    parameters,
    method: 'retrain',
    options: { epochs, batchSize, seed },
    seconds: secondsSince(start),
    warnings: [],
  };
}
