import { z } from 'zod';

import type { RunOptions } from '../../graph/tensor';
import { withParameters, type Model } from '../../models/model';
import { train, type TrainOptions } from '../../optim/train';
import { trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { optimizerOf, optimizerOptions } from '../method/optimizerOptions';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest } from './request';

const schema = z.strictObject({ ...trainingOptions({ epochs: 3 }), ...optimizerOptions });

export type RetrainOptions = z.input<typeof schema>;

/**
 * Trains from fresh parameters on what is to be kept: the reference that every method is compared with. For poisoned data
 * of which only a part is known it is no gold standard, because the rest of the poison teaches the same again.
 *
 * `recipe` is the training that the model itself had, where options cannot say it: a loss or an optimiser of one's own.
 * It takes the place of the options.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function retrain(
  model: Model,
  request: ClassifierRequest,
  options: RetrainOptions = {},
  { recipe, ...run }: RunOptions & { readonly recipe?: TrainOptions } = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const given = recipe
    ? { epochs: recipe.epochs, batchSize: recipe.batchSize, seed: recipe.seed, ...options }
    : options;
  const settings = settingsOf('retrain', schema, given);
  checkRequest('retrain', request, 'retain', 'initial');
  const { epochs, batchSize, seed } = settings;
  const start = performance.now();
  const training = recipe ?? { optimizer: optimizerOf(settings), epochs, batchSize, seed };
  const untrained = withParameters(model, request.initial);
  const parameters = await train(untrained, request.retain, training, run);
  return { parameters, method: 'retrain', options: settings, seconds: secondsSince(start), warnings: [] };
}

export const retrainMethod = defineMethod({
  name: 'retrain',
  title: 'Retraining without the forget set',
  paper: 'the reference of every comparison',
  kind: 'classifier',
  intention: 'reference',
  technique: 'retraining',
  level: 'parameters',
  needs: ['retain', 'initial'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: retrain,
});
