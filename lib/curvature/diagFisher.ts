import { checkOptions, OptionError, PalimpsestError } from '../errors';
import type { LabeledSet } from '../data/labeledSet';
import { compile } from '../graph/compile';
import { evaluate } from '../graph/evaluate';
import type { Parameters } from '../graph/parameters';
import type { RunOptions, Tensor } from '../graph/tensor';
import type { Model } from '../models/model';
import { checkClassifier } from './objective';
import { argmax } from '../ops/reduce/argmax';
import { softmaxCrossEntropy } from '../ops/losses/softmaxCrossEntropy';
import { add, cast, mul, neg, square, sub, zeros } from '../ops/elementwise/arithmetic';
import { abs, log } from '../ops/elementwise/math';
import { mean } from '../ops/reduce/reduce';
import { stopGradient } from '../ops/shape/identity';
import { sum } from '../ops/reduce/sum';
import { foldKey, key, uniform } from '../random';
import { grad } from '../transforms/grad';
import { perExample } from '../transforms/perExample';

export interface FisherOptions {
  /**
   * `'example'` (default): the diagonal of the empirical Fisher, every example's gradient squared by itself.
   * `'batch'`: the gradient of every batch's mean loss squared, as the reference code of SSD does; it is not the Fisher,
   * and depends on the batch size and the order.
   */
  readonly mode?: 'example' | 'batch';
  /** Default 256 in example mode, where it only bounds memory, and 64 (the reference code's) in batch mode. */
  readonly batchSize?: number;
  /** The order in which batches are cut; matters in batch mode only. Default `'asGiven'`. */
  readonly order?: 'asGiven' | 'shuffled';
  /**
   * `'true'` (default): the labels of the data. `'sampled'`: drawn from the model's own prediction, which makes it the true
   * Fisher in expectation. `'none'`: no labels; importance is the mean of |d ||f(x)||^2 / d theta| (label-free SSD).
   */
  readonly labels?: 'true' | 'sampled' | 'none';
  /** Of the sampled labels and the shuffled order. Default 0. */
  readonly seed?: number;
}

const OPTIONS = ['mode', 'batchSize', 'order', 'labels', 'seed'] as const;

/** The options with their defaults filled in, for records. */
export function fisherOptions(options: FisherOptions): Required<FisherOptions> {
  checkOptions('diagFisher', options, OPTIONS);
  const { mode = 'example', order = 'asGiven', labels = 'true', seed = 0 } = options;
  const batchSize = options.batchSize ?? (mode === 'example' ? 256 : 64);
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new OptionError(`diagFisher: batchSize must be a positive integer, got ${batchSize}`);
  }
  oneOf('mode', mode, ['example', 'batch']);
  oneOf('order', order, ['asGiven', 'shuffled']);
  oneOf('labels', labels, ['true', 'sampled', 'none']);
  return { mode, batchSize, order, labels, seed };
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new OptionError(`diagFisher: ${name} must be ${allowed.join(' or ')}, got '${value}'`);
  }
}

/**
 * The diagonal of the Fisher information of a classifier's parameters over a set of examples,
 *
 *     I[i] = 1/N sum_n (d log p(y_n | x_n) / d theta_i)^2
 *
 * as tensors named, shaped and typed like the parameters. Never stores a gradient per example; batches accumulate in
 * float64.
 *
 * @example
 * const importance = await diagFisher(model, train, {}, { signal, onProgress });
 * @throws OptionError for an unknown or misspelled option, or an empty set; PalimpsestError ERR_VALUE when an importance is
 *   not finite, because the data or the weights are not; AbortedError when `signal` fires.
 */
export async function diagFisher(
  model: Model,
  data: LabeledSet,
  options: FisherOptions = {},
  run: RunOptions = {},
): Promise<Parameters> {
  checkClassifier('diagFisher', model, data);
  const settings = fisherOptions(options);
  if (data.size === 0) throw new OptionError('diagFisher: the set is empty');
  const step = compile((total: Parameters, parameters: Parameters, x: Tensor, y: Tensor, seed: Tensor) => {
    const importance = batchImportance(model, settings, parameters, x, y, seed);
    return total.map((sofar, name) => add(sofar, cast(importance.get(name), 'float64')));
  }).withOptions(run.signal ? { signal: run.signal } : {});

  let total = model.parameters.map(({ shape }) => zeros(shape, 'float64'));
  await evaluate(total);
  const { order, seed } = settings;
  const base = key(seed);
  let done = 0;
  let batches = 0;
  for (const { x, y, size } of data.batches(settings.batchSize, { order, seed })) {
    const next = await step(total, model.parameters, x, y, foldKey(base, batches));
    total.dispose();
    x.dispose();
    y.dispose();
    total = next;
    done += size;
    batches += 1;
    run.onProgress?.({ done, total: data.size, phase: 'importance' });
  }
  const terms = settings.mode === 'example' ? data.size : batches;
  const result = total.map((sofar, name) => cast(mul(sofar, 1 / terms), model.parameters.get(name).dtype));
  const check = [...total].map(([, sofar]) => sum(sofar)).reduce(add);
  await evaluate({ result, check }, run.signal ? { signal: run.signal } : {});
  total.dispose();
  if (!Number.isFinite(await check.item())) {
    result.dispose();
    throw new PalimpsestError(
      'ERR_VALUE',
      'diagFisher: the importance is not finite; look for NaN in data and weights',
    );
  }
  return result;
}

/** The sum over the examples of a batch, or the one term of the batch. */
function batchImportance(
  model: Model,
  { mode, labels }: Required<FisherOptions>,
  parameters: Parameters,
  x: Tensor,
  y: Tensor,
  seed: Tensor,
): Parameters {
  const losses = (theta: Parameters, inputs: Tensor, targets: Tensor): Tensor => {
    const logits = model.forward(theta, inputs);
    return labels === 'none' ? sum(square(logits), { axis: 1 }) : softmaxCrossEntropy(logits, targets);
  };
  const targets = labels === 'sampled' ? sampledLabels(model.forward(parameters, x), seed) : y;
  const magnitude = labels === 'none' ? abs : square;
  if (mode === 'batch') {
    const meanLoss = (theta: Parameters): Tensor => mean(losses(theta, x, targets));
    return grad(meanLoss)(parameters).map((g) => magnitude(g));
  }
  const gradients = perExample(losses)(parameters, x, targets);
  return labels === 'none' ? gradients.sumAbsolute() : gradients.sumSquares();
}

/** One draw per row from softmax(logits), by the Gumbel trick: argmax of logits minus log(-log u). */
function sampledLabels(logits: Tensor, seed: Tensor): Tensor {
  const u = uniform(seed, logits.shape, {
    low: Number.MIN_VALUE ** 0.05,
    high: 1,
    dtype: logits.dtype === 'float64' ? 'float64' : 'float32',
  });
  return argmax(sub(stopGradient(logits), log(neg(log(u)))), { axis: 1 });
}
