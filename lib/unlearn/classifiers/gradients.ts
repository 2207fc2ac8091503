import type { LabeledSet } from '../../data/labeledSet';
import { compile } from '../../graph/compile';
import { tensor } from '../../graph/create';
import { evaluate } from '../../graph/evaluate';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions, Tensor } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { add, mul, zerosLike } from '../../ops/elementwise/arithmetic';
import { grad } from '../../transforms/grad';
import { crossEntropy } from './streams';

/**
 * `sum over batches of w_b grad (mean cross-entropy of batch b)` at the model's parameters, signs kept: with the weights
 * |b| / N (`'mean'`) the gradient of the mean loss of the whole set, with 1 (`'batches'`) what accumulates when a training
 * loop never takes a step. Batches are cut in the given order.
 */
export async function gradientOf(
  model: Model,
  set: LabeledSet,
  {
    batchSize,
    weights,
    phase,
  }: { readonly batchSize: number; readonly weights: 'mean' | 'batches'; readonly phase: string },
  run: RunOptions,
): Promise<Parameters> {
  const slope = grad((theta: Parameters, x: Tensor, y: Tensor) => crossEntropy(model, theta, { x, y }));
  const step = compile((total: Parameters, theta: Parameters, x: Tensor, y: Tensor, factor: Tensor) => {
    const own = slope(theta, x, y);
    return total.map((sofar, name) => add(sofar, mul(own.get(name), factor)));
  }).withOptions(run.signal ? { signal: run.signal } : {});
  let total = model.parameters.map(zerosLike);
  await evaluate(total);
  let done = 0;
  for (const batch of set.batches(batchSize)) {
    using examples = batch;
    using factor = tensor(weights === 'mean' ? examples.size / set.size : 1);
    const next = await step(total, model.parameters, examples.x, examples.y, factor);
    total.dispose();
    total = next;
    done += examples.size;
    run.onProgress?.({ done, total: set.size, phase });
  }
  return total;
}
