import { z } from 'zod';

import type { Parameters } from '../../graph/parameters';
import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { masked } from '../../optim/mask';
import { oneOf, trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { optimizerOf, optimizerOptionsWith } from '../method/optimizerOptions';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { anyClass, trainRelabelled } from './relabelled';
import { checkRequest, type ClassifierRequest } from './request';
import { saliencyMask } from './saliency';

const CODE = "the paper's code";

const training = {
  order: oneOf(['inTurn', 'mixed'], CODE, 'All of D_f, then all of D_r; or both shuffled together.'),
  ...trainingOptions({ epochs: 3, learningRate: 0.01, batchSize: 256, source: CODE }),
  ...optimizerOptionsWith({ optimizer: ['sgd', 'adam'], weightDecay: 5e-4, source: CODE }),
};

const schema = z.strictObject({
  ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('The share of all weights that may move: those that matter most to the loss of D_f.')
    .meta({ source: 'the paper: the median as threshold' }),
  ...training,
});

export type SalunOptions = z.input<typeof schema>;

export interface SalunResult extends Unlearned<z.output<typeof schema>> {
  /** Which weights could move: bool tensors under the parameters' names. */
  readonly mask: Parameters;
}

/**
 * SalUn (Fan, Liu, Zhang, Wong, Wei, Liu 2024): random labels, with only the salient weights free to move.
 *
 *     m = 1 where |grad CE(D_f)| at the original weights is among the `ratio` largest of all      (Eq. 4)
 *     minimise CE(D_f with random labels) + CE(D_r) over theta = m * theta_u + (1 - m) * theta_o   (Eq. 5)
 *
 * The gradient keeps its signs while batches add up. Frozen weights keep their bits and have no moments, whatever momentum
 * and weight decay are. Labels are drawn from all classes, the true one among them, anew in every epoch. An epoch goes once
 * over D_f and once over D_r.
 *
 * @param run also takes a `mask` made earlier (`saliencyMask`), which `ratio` then says nothing about.
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function salun(
  model: Model,
  request: ClassifierRequest,
  options: SalunOptions = {},
  { mask: given, ...run }: RunOptions & { readonly mask?: Parameters } = {},
): Promise<SalunResult> {
  const settings = settingsOf('salun', schema, options);
  checkRequest('salun', request, 'forget', 'retain');
  const start = performance.now();
  const mask = given ?? (await saliencyMask(model, request.forget, settings, run));
  const optimizer = masked(optimizerOf(settings), (name) => mask.get(name));
  const { order } = settings;
  const parameters = await trainRelabelled(
    model,
    request,
    { optimizer, relabel: anyClass, order, loop: settings },
    run,
  );
  return {
    parameters,
    method: 'salun',
    options: settings,
    seconds: secondsSince(start),
    warnings: [],
    mask,
  };
}

const randomLabelsSchema = z.strictObject(training);

export type RandomLabelsOptions = z.input<typeof randomLabelsSchema>;

/**
 * Random labels (Graves, Nagisetty, Ganesh 2021; Golatkar et al. 2020): SalUn without its mask.
 *
 * @throws as salun.
 */
export async function randomLabels(
  model: Model,
  request: ClassifierRequest,
  options: RandomLabelsOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<z.output<typeof randomLabelsSchema>>> {
  const settings = settingsOf('randomLabels', randomLabelsSchema, options);
  checkRequest('randomLabels', request, 'forget', 'retain');
  const start = performance.now();
  const { order } = settings;
  const parameters = await trainRelabelled(
    model,
    request,
    { optimizer: optimizerOf(settings), relabel: anyClass, order, loop: settings },
    run,
  );
  return {
    parameters,
    method: 'randomLabels',
    options: settings,
    seconds: secondsSince(start),
    warnings: [],
  };
}

const shared = {
  kind: 'classifier',
  intention: 'removal',
  technique: 'gradient',
  level: 'parameters',
  needs: ['forget', 'retain'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
} as const;

export const salunMethod = defineMethod({
  ...shared,
  name: 'salun',
  title: 'Saliency Unlearning',
  paper: 'Fan, Liu, Zhang, Wong, Wei, Liu 2024 (ICLR)',
  options: schema,
  run: salun,
});

export const randomLabelsMethod = defineMethod({
  ...shared,
  name: 'randomLabels',
  title: 'Random labels',
  paper: 'Graves, Nagisetty, Ganesh 2021 (AAAI)',
  options: randomLabelsSchema,
  run: randomLabels,
});
