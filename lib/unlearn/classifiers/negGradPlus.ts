import { z } from 'zod';

import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { mul, sub } from '../../ops/elementwise/arithmetic';
import { trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { optimizerOf, optimizerOptions } from '../method/optimizerOptions';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest } from './request';
import { crossEntropy, trainOnPairs } from './streams';

const schema = z.strictObject({
  beta: z
    .number()
    .gt(0)
    .max(1)
    .default(0.95)
    .describe('The share of the retain loss; the forget loss has 1 - beta.')
    .meta({ source: 'the paper, for its larger settings; 0.9999 for its smallest' }),
  ...trainingOptions({ learningRate: 5e-4, batchSize: 64 }),
  ...optimizerOptions,
});

export type NegGradPlusOptions = z.input<typeof schema>;

/**
 * NegGrad+ (Kurmanji, Triantafillou, Hayes, Triantafillou 2023): descent on what is to be kept and ascent on what is to be
 * forgotten, in one step,
 *
 *     L = beta CE(D_r) - (1 - beta) CE(D_f)
 *
 * with cross-entropies that are means over the batches of either set. The ascent has no bound, only a counterweight.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function negGradPlus(
  model: Model,
  request: ClassifierRequest,
  options: NegGradPlusOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const settings = settingsOf('negGradPlus', schema, options);
  checkRequest('negGradPlus', request, 'forget', 'retain');
  const { beta } = settings;
  const start = performance.now();
  const parameters = await trainOnPairs(
    model,
    request,
    {
      loss: (theta, { forget, retain }) =>
        sub(mul(crossEntropy(model, theta, retain), beta), mul(crossEntropy(model, theta, forget), 1 - beta)),
      optimizer: optimizerOf(settings),
      loop: settings,
    },
    run,
  );
  return { parameters, method: 'negGradPlus', options: settings, seconds: secondsSince(start), warnings: [] };
}

export const negGradPlusMethod = defineMethod({
  name: 'negGradPlus',
  title: 'NegGrad+',
  paper: 'Kurmanji, Triantafillou, Hayes, Triantafillou 2023 (NeurIPS)',
  kind: 'classifier',
  intention: 'removal',
  technique: 'gradient',
  level: 'parameters',
  needs: ['forget', 'retain'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: negGradPlus,
});
