import { z } from 'zod';

import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { neg } from '../../ops/elementwise/arithmetic';
import { sgd } from '../../optim/sgd';
import { crossEntropyLoss, train, type BatchLoss, type StopRule } from '../../optim/train';
import { trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest } from './request';

const schema = z.strictObject(trainingOptions({ batchSize: 64 }));

export type GradientAscentOptions = z.input<typeof schema>;

export interface GradientAscentHooks {
  /** Looked at every `everySteps` steps; a true answer ends the ascent, which has no end of its own. */
  readonly stopWhen?: StopRule;
}

/** The loss turned round: its minimum is where the forget set is predicted worst. */
const ascent: BatchLoss = (model, parameters, x, y) => neg(crossEntropyLoss(model, parameters, x, y));

/**
 * Gradient ascent on the loss of the forget set (NegGrad; Golatkar et al. 2020, Jang et al. 2022), by plain gradient
 * steps. The loss has no upper bound, so it must be stopped: by the number of epochs or by `stopWhen`.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function gradientAscent(
  model: Model,
  request: ClassifierRequest,
  options: GradientAscentOptions = {},
  { stopWhen, ...run }: RunOptions & GradientAscentHooks = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const settings = settingsOf('gradientAscent', schema, options);
  checkRequest('gradientAscent', request, 'forget');
  const { learningRate, ...loop } = settings;
  const start = performance.now();
  const parameters = await train(
    model,
    request.forget,
    { optimizer: sgd({ learningRate }), ...loop, loss: ascent, ...(stopWhen ? { stopWhen } : {}) },
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

export const gradientAscentMethod = defineMethod({
  name: 'gradientAscent',
  title: 'Gradient ascent (NegGrad)',
  paper: 'Golatkar, Achille, Soatto 2020; Jang et al. 2022',
  kind: 'classifier',
  intention: 'removal',
  technique: 'gradient',
  level: 'parameters',
  needs: ['forget'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: gradientAscent,
});
