import { z } from 'zod';

import { OptionError } from '../../errors';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { withParameters, type Model } from '../../models/model';
import { add, div, mul, neg } from '../../ops/elementwise/arithmetic';
import { klDivergence } from '../../ops/losses/klDivergence';
import { logSoftmax, softmax } from '../../ops/networks/softmax';
import { stopGradient } from '../../ops/shape/identity';
import { train, type BatchLoss } from '../../optim/train';
import { positive, trainingOptions, weight, whole } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { optimizerOf, optimizerOptionsWith } from '../method/optimizerOptions';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest } from './request';
import { crossEntropy } from './streams';

const CODE = 'the corrective benchmark';

const schema = z.strictObject({
  alpha: weight(0.1, `${CODE}: one of 0.001 to 10`, 'Of the divergence from the teacher, on both sets.'),
  gamma: weight(1, CODE, 'Of the cross-entropy, on both sets.'),
  temperature: positive(4, CODE, 'T: divides the logits in the divergence, which counts T^2 times.'),
  maxEpochs: whole(
    2,
    'the paper: the first of its epochs',
    'Epochs that begin with a pass of ascent over D_f.',
    0,
  ),
  ...trainingOptions({ epochs: 3, learningRate: 2.5e-3, batchSize: 64, source: CODE }),
  ...optimizerOptionsWith({ optimizer: ['sgd', 'adam'], source: CODE }),
});

export type ScrubOptions = z.input<typeof schema>;

/**
 * SCRUB (Kurmanji, Triantafillou, Hayes, Triantafillou 2023): the student disobeys its teacher, the model as it was, on what
 * is to be forgotten, and obeys on the rest. Epochs of both kinds take turns,
 *
 *     max:  L = -(gamma CE + alpha T^2 KL)   on D_f, in the first `maxEpochs` epochs
 *     min:  L =   gamma CE + alpha T^2 KL    on D_r, in every epoch
 *
 * with `KL = KL( softmax(teacher / T) || softmax(student / T) )`, a mean over examples. It ends with passes over D_r alone,
 * which mend what the ascent broke. Each pass begins with fresh moments.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function scrub(
  model: Model,
  request: ClassifierRequest,
  options: ScrubOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const settings = settingsOf('scrub', schema, options);
  checkRequest('scrub', request, 'forget', 'retain');
  const { epochs, maxEpochs, batchSize, seed, alpha, gamma, temperature } = settings;
  if (maxEpochs > epochs)
    throw new OptionError(`scrub: maxEpochs must be at most epochs = ${epochs}, got ${maxEpochs}`);
  const start = performance.now();

  const obedience: BatchLoss = (_, theta, x, y) => {
    const taught = stopGradient(softmax(div(model.forward(model.parameters, x), temperature)));
    const said = logSoftmax(div(model.forward(theta, x), temperature));
    const divergence = klDivergence(said, taught, { reduction: 'mean' });
    return add(
      mul(crossEntropy(model, theta, { x, y }), gamma),
      mul(divergence, alpha * temperature * temperature),
    );
  };
  const disobedience: BatchLoss = (of, theta, x, y): Tensor => neg(obedience(of, theta, x, y));

  let parameters: Parameters = model.parameters;
  const pass = async (set: typeof request.forget, loss: BatchLoss, epoch: number): Promise<void> => {
    const from = withParameters(model, parameters);
    const optimizer = optimizerOf(settings);
    // Another seed every epoch: a pass is an epoch of its own to the loop, the first.
    const next = await train(from, set, { optimizer, epochs: 1, batchSize, seed: seed + epoch, loss }, run);
    if (parameters !== model.parameters) parameters.dispose();
    parameters = next;
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch < maxEpochs) await pass(request.forget, disobedience, epoch);
    await pass(request.retain, obedience, epoch);
  }
  return { parameters, method: 'scrub', options: settings, seconds: secondsSince(start), warnings: [] };
}

export const scrubMethod = defineMethod({
  name: 'scrub',
  title: 'SCRUB',
  paper: 'Kurmanji, Triantafillou, Hayes, Triantafillou 2023 (NeurIPS)',
  kind: 'classifier',
  intention: 'removal',
  technique: 'distillation',
  level: 'output',
  needs: ['forget', 'retain'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: scrub,
});
