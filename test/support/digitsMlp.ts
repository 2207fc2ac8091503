import { LabeledSet } from '../../lib/data/labeledSet';
import { permutation } from '../../lib/data/shuffle';
import { Parameters } from '../../lib/graph/parameters';
import { compile } from '../../lib/graph/compile';
import { evaluate } from '../../lib/graph/evaluate';
import { mlp } from '../../lib/models/mlp';
import type { Model } from '../../lib/models/model';
import { accuracy, predictedClasses } from '../../lib/metrics';
import { mul, zerosLike } from '../../lib/ops/elementwise/arithmetic';
import { sgd } from '../../lib/optim/sgd';
import { train } from '../../lib/optim/train';
import { key, normal, splitKey } from '../../lib/random';

// The small trained model of the specification: 784-128-10 on 4,000 real digits, 4,600 more for testing.

const PER_CLASS = 860;
const TRAIN = 4000;
export const CLASSES = 10;

export interface Digits {
  readonly train: LabeledSet;
  readonly test: LabeledSet;
}

/** The first 860 digits of each class in the `mnist` package, shuffled with the seed and cut. */
export function digits(seed: number): Digits {
  const pixels = new Float32Array(PER_CLASS * CLASSES * 784);
  const labels = new Int32Array(PER_CLASS * CLASSES);
  for (let digit = 0; digit < CLASSES; digit++) {
    const { data } = jest.requireActual<{ data: number[] }>(`mnist/src/digits/${digit}.json`);
    pixels.set(data.slice(0, PER_CLASS * 784), digit * PER_CLASS * 784);
    labels.fill(digit, digit * PER_CLASS, (digit + 1) * PER_CLASS);
  }
  const all = LabeledSet.of({ features: pixels, labels, exampleShape: [784] });
  const order = permutation(all.size, seed);
  return { train: all.subset(order.slice(0, TRAIN)), test: all.subset(order.slice(TRAIN)) };
}

/** He-normal weights and zero biases. */
export async function freshMlp(seed: number): Promise<Model> {
  const model = mlp({ inputs: 784, hidden: [128], classes: CLASSES });
  const keys = splitKey(key(seed), model.parameters.length);
  const entries = [...model.parameters].map(([name, like], i) => {
    const fanIn = like.shape[1];
    const initial =
      fanIn === undefined ? zerosLike(like) : mul(normal(keys[i]!, like.shape), Math.sqrt(2 / fanIn));
    return [name, initial] as const;
  });
  return { ...model, parameters: await evaluate(new Parameters(entries)) };
}

/** The recipe: SGD 0.05, momentum 0.9, decay 5e-4, batches of 64, 10 epochs. */
export async function trainedMlp(data: LabeledSet, seed: number): Promise<Model> {
  const model = await freshMlp(seed);
  const optimizer = sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4 });
  return { ...model, parameters: await train(model, data, { optimizer, epochs: 10, batchSize: 64, seed }) };
}

/** Accuracy of parameters on a set. */
export function scorer(model: Model): (parameters: Parameters, set: LabeledSet) => Promise<number> {
  const forward = compile(model.forward.bind(model));
  return async (parameters, set) => {
    const predictions: number[] = [];
    for (const batch of set.batches(1000)) {
      using current = batch;
      using logits = await forward(parameters, current.x);
      predictions.push(...predictedClasses(await logits.data<'float32'>(), CLASSES));
    }
    return accuracy(predictions, set.labels);
  };
}
