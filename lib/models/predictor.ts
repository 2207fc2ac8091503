import type { LabeledSet } from '../data/labeledSet';
import { compile } from '../graph/compile';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import type { Model } from './model';

/** Logits of a whole set, [size, classes] row by row. */
export type Predictor = (parameters: Parameters, set: LabeledSet, run?: RunOptions) => Promise<Float32Array>;

const BATCH = 500;

/**
 * A compiled forward pass of a model's architecture, for any of its parameter sets.
 *
 * @example
 * const predict = predictor(model, 10);
 * accuracy(predictedClasses(await predict(model.parameters, test), 10), test.labels);
 */
export function predictor(model: Model, classes: number): Predictor {
  const forward = compile(model.forward.bind(model));
  return async (parameters, set, run = {}) => {
    const logits = new Float32Array(set.size * classes);
    const predict = forward.withOptions(run.signal ? { signal: run.signal } : {});
    let row = 0;
    for (const { x, y, size } of set.batches(BATCH, { order: 'asGiven' })) {
      const batch = await predict(parameters, x);
      logits.set(await batch.data<'float32'>(), row * classes);
      for (const tensor of [x, y, batch]) tensor.dispose();
      row += size;
    }
    return logits;
  };
}
