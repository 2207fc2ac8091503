import { FULL } from '../../lib/demo/settings';
import type { Parameters } from '../../lib/graph/parameters';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { cnn } from '../../lib/models/cnn';
import { mlp } from '../../lib/models/mlp';
import type { Model } from '../../lib/models/model';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { sum } from '../../lib/ops/reduce/sum';
import { key, normal, randomInteger } from '../../lib/random';

const CLASSES = 10;
const BATCH = 128;

/** A model with a batch for it: random numbers, for time does not depend on what they are. */
export interface Workload {
  readonly name: string;
  readonly model: Model;
  readonly x: Tensor;
  readonly y: Tensor;
  /** One loss per example. */
  readonly losses: (params: Parameters, x: Tensor, y: Tensor) => Tensor;
  /** Their sum. */
  readonly loss: (params: Parameters, x: Tensor, y: Tensor) => Tensor;
}

async function workload(name: string, model: Model, example: readonly number[]): Promise<Workload> {
  const losses: Workload['losses'] = (params, x, y) => softmaxCrossEntropy(model.forward(params, x), y);
  const x = normal(key(1), [BATCH, ...example]);
  const y = randomInteger(key(2), [BATCH], { high: CLASSES });
  await evaluate([model.parameters, x, y]);
  return { name, model, x, y, losses, loss: (...args) => sum(losses(...args)) };
}

/** The network of the demonstration. */
export function demoCnn(): Promise<Workload> {
  const image = [1, 28, 28] as const;
  const { channels, hidden } = FULL;
  return workload('demo CNN', cnn({ image, channels, hidden, classes: CLASSES }, { seed: 1 }), image);
}

export function wideMlp(): Promise<Workload> {
  const model = mlp({ inputs: 784, hidden: [1024, 1024], classes: CLASSES }, { seed: 1 });
  return workload('MLP 784-1024-1024-10', model, [784]);
}
