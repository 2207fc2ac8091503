import { z } from 'zod';

import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { div } from '../../ops/elementwise/arithmetic';
import { klDivergence } from '../../ops/losses/klDivergence';
import { logSoftmax, softmax } from '../../ops/networks/softmax';
import { concat } from '../../ops/shape/concat';
import { stopGradient } from '../../ops/shape/identity';
import { positive, trainingOptions } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { optimizerOf, optimizerOptions } from '../method/optimizerOptions';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { checkRequest, type ClassifierRequest } from './request';
import { trainOnPairs } from './streams';

const schema = z.strictObject({
  temperature: positive(1, 'the paper', 'Divides the logits of teachers and student.'),
  ...trainingOptions({ learningRate: 1e-4, batchSize: 64 }),
  ...optimizerOptions,
});

export type BadTeacherOptions = z.input<typeof schema>;

/**
 * Bad Teacher (Chundawat, Tarun, Mandal, Kankanhalli 2023): one student with two teachers. On what is to be forgotten it
 * learns what a network says that was never trained (`initial`), on the rest what the model itself said:
 *
 *     L = mean over x of KL( softmax(teacher(x) / T) || softmax(student(x) / T) )
 *     teacher = the untrained network on D_f, the original model on D_r
 *
 * The divergence is summed over classes and a mean over examples: published learning rates for an average over classes too
 * are larger by their number.
 *
 * @throws NotFiniteError when a loss or a weight becomes NaN or infinite; AbortedError when `signal` fires;
 *   OptionError for a misspelled option or an empty set.
 */
export async function badTeacher(
  model: Model,
  request: ClassifierRequest,
  options: BadTeacherOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const settings = settingsOf('badTeacher', schema, options);
  checkRequest('badTeacher', request, 'forget', 'retain', 'initial');
  const { temperature } = settings;
  const start = performance.now();
  const says = (parameters: Parameters, x: Tensor): Tensor => div(model.forward(parameters, x), temperature);
  const parameters = await trainOnPairs(
    model,
    request,
    {
      loss: (theta, { forget, retain }) => {
        const teachers = concat([
          softmax(says(request.initial, forget.x)),
          softmax(says(model.parameters, retain.x)),
        ]);
        const student = concat([says(theta, forget.x), says(theta, retain.x)]);
        return klDivergence(logSoftmax(student), stopGradient(teachers), { reduction: 'mean' });
      },
      optimizer: optimizerOf(settings),
      loop: settings,
    },
    run,
  );
  return { parameters, method: 'badTeacher', options: settings, seconds: secondsSince(start), warnings: [] };
}

export const badTeacherMethod = defineMethod({
  name: 'badTeacher',
  title: 'Bad Teacher',
  paper: 'Chundawat, Tarun, Mandal, Kankanhalli 2023 (AAAI)',
  kind: 'classifier',
  intention: 'removal',
  technique: 'distillation',
  level: 'output',
  needs: ['forget', 'retain', 'initial'],
  granularity: ['sample', 'class'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: badTeacher,
});
