import { z } from 'zod';

import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { adam } from '../../optim/adam';
import { train } from '../../optim/train';
import { trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest } from './request';

const schema = z.strictObject(trainingOptions());

export type FineTuneOptions = z.input<typeof schema>;

/**
 * Goes on training on what is to be kept, and hopes that the rest is forgotten (the "catastrophic forgetting" baseline of
 * Golatkar et al. 2020 and most papers since). By Adam.
 *
 * @example
 * const { parameters } = await fineTune(model, { retain }, { epochs: 2 }, { signal, onProgress });
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function fineTune(
  model: Model,
  request: ClassifierRequest,
  options: FineTuneOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const settings = settingsOf('fineTune', schema, options);
  checkRequest('fineTune', request, 'retain');
  const { learningRate, ...loop } = settings;
  const start = performance.now();
  const parameters = await train(model, request.retain, { optimizer: adam({ learningRate }), ...loop }, run);
  return { parameters, method: 'fineTune', options: settings, seconds: secondsSince(start), warnings: [] };
}

export const fineTuneMethod = defineMethod({
  name: 'fineTune',
  title: 'Fine-tuning on the rest',
  paper: 'Golatkar, Achille, Soatto 2020',
  kind: 'classifier',
  intention: 'removal',
  technique: 'gradient',
  level: 'parameters',
  needs: ['retain'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: fineTune,
});
