import { z } from 'zod';

import { sampleIndices } from '../../data/shuffle';
import { evaluate } from '../../graph/evaluate';
import type { RunOptions, Tensor } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { add, mul, sub } from '../../ops/elementwise/arithmetic';
import { norm } from '../../ops/reduce/norm';
import { adam } from '../../optim/adam';
import { globalNorm } from '../../optim/clipping';
import type { Optimizer } from '../../optim/optimizer';
import { sgd } from '../../optim/sgd';
import { crossEntropyLoss, type BatchLoss } from '../../optim/train';
import { grad } from '../../transforms/grad';
import { oneOf, positive, seedOption, whole } from '../method/commonOptions';
import { defineMethod } from '../method/method';
import { settingsOf } from '../method/settings';
import { secondsSince, type Unlearned } from '../unlearned';
import { gradientOf } from './gradients';
import { checkRequest, type ClassifierRequest } from './request';

const CODE = "the paper's code";

const schema = z.strictObject({
  learningRate: positive(1e-3, CODE, 'eta: the length of the step.'),
  optimizer: oneOf(
    ['adam1', 'sgd'],
    CODE,
    "'adam1': the first step of a fresh Adam, nearly the sign; or the plain step.",
  ),
  scale: oneOf(
    ['mean', 'sum'],
    CODE,
    "'mean': both gradients are means; 'sum': both sums are divided by |D_f| + |D_r|.",
  ),
  retainFraction: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('The share of D_r that the correction is measured on.')
    .meta({ source: CODE }),
  batchSize: whole(256, 'ours: it only bounds memory', 'Examples whose gradients are taken together.'),
  seed: seedOption,
});

export type IauOptions = z.input<typeof schema>;

/**
 * Influence approximation unlearning: forgetting a point as learning its opposite, in one step.
 *
 *     theta_u = theta_o + eta (g_f - g_r),   g_f = grad mean CE(D_f),  g_r = grad mean CE(D_r)
 *
 * Removing a point moves the optimum by `H^-1 grad l / n`, as adding one with the opposite gradient does, and incremental
 * learning does the latter without a Hessian. The retain gradient is the correction: training never quite reaches zero. The
 * step is one of a fresh optimiser, whose moments are not those of the training.
 *
 * @throws AbortedError when `signal` fires; OptionError for a misspelled option or an empty set.
 */
export async function iau(
  model: Model,
  request: ClassifierRequest,
  options: IauOptions = {},
  run: RunOptions = {},
): Promise<Unlearned<z.output<typeof schema>>> {
  const settings = settingsOf('iau', schema, options);
  checkRequest('iau', request, 'forget', 'retain');
  const { learningRate, scale, retainFraction, batchSize, seed } = settings;
  const start = performance.now();
  const count = Math.ceil(retainFraction * request.retain.size);
  const retain =
    count === request.retain.size
      ? request.retain
      : request.retain.subset(sampleIndices(request.retain.size, count, seed));
  const all = request.forget.size + retain.size;
  const shareOf = (size: number): number => (scale === 'mean' ? 1 : size / all);
  const measure = { batchSize, weights: 'mean' } as const;
  const forgetting = await gradientOf(model, request.forget, { ...measure, phase: 'forget gradient' }, run);
  const keeping = await gradientOf(model, retain, { ...measure, phase: 'retain gradient' }, run);
  const descent = keeping.map((own, name) =>
    sub(mul(own, shareOf(retain.size)), mul(forgetting.get(name), shareOf(request.forget.size))),
  );
  const optimizer: Optimizer = settings.optimizer === 'sgd' ? sgd({ learningRate }) : adam({ learningRate });
  const { params: parameters } = optimizer.step(model.parameters, descent, optimizer.init(model.parameters));
  await evaluate(parameters, run.signal ? { signal: run.signal } : {});
  forgetting.dispose();
  keeping.dispose();
  return { parameters, method: 'iau', options: settings, seconds: secondsSince(start), warnings: [] };
}

/**
 * Gradient restriction: training with small gradients, so that one step is a good approximation later,
 *
 *     l_GR = l + alpha ||grad l||_2
 *
 * of the batch's mean loss. `'perTensor'` (default, as the code has it) adds up the norms of every parameter's gradient,
 * `'global'` (as the text has it) takes one norm of all. Differentiable: the derivative of the norm is a Hessian-vector product.
 *
 * @example
 * await train(model, data, { optimizer: adam(), epochs: 10, loss: gradientRestriction() });
 */
export function gradientRestriction({
  alpha = 0.005,
  norm: kind = 'perTensor',
  loss = crossEntropyLoss,
}: {
  readonly alpha?: number;
  readonly norm?: 'global' | 'perTensor';
  readonly loss?: BatchLoss;
} = {}): BatchLoss {
  if (alpha === 0) return loss;
  return (model, parameters, x, y) => {
    const slopes = grad((theta: typeof parameters): Tensor => loss(model, theta, x, y))(parameters);
    const length =
      kind === 'global'
        ? globalNorm(slopes)
        : slopes.tensors.map((slope) => norm(slope)).reduce((a, b) => add(a, b));
    return add(loss(model, parameters, x, y), mul(length, alpha));
  };
}

export const iauMethod = defineMethod({
  name: 'iau',
  title: 'Influence approximation unlearning',
  paper: 'Efficient Machine Unlearning via Influence Approximation, 2025',
  kind: 'classifier',
  intention: 'removal',
  technique: 'influence',
  level: 'parameters',
  needs: ['forget', 'retain'],
  granularity: ['sample'],
  sequential: true,
  module: 'palimpsest/unlearn',
  options: schema,
  run: iau,
});
