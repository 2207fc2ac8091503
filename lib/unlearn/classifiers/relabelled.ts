import { CounterRandom } from '../../data/counterRandom';
import type { LabeledSet } from '../../data/labeledSet';
import type { Parameters } from '../../graph/parameters';
import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import { fit } from '../../optim/loop/fit';
import type { Optimizer } from '../../optim/optimizer';
import { crossEntropy, type Examples, type LoopSettings, type Sets } from './streams';

/** Which labels the examples to forget get. */
export type Relabel = (set: LabeledSet, random: CounterRandom) => LabeledSet;

/** Drawn from all classes alike; the true one is among them. */
export const anyClass: Relabel = (set, random) => set.relabel(() => random.below(set.classCount));

/** Drawn from all classes but the true one. */
export const otherClass: Relabel = (set, random) =>
  set.relabel((label) => (label + 1 + random.below(set.classCount - 1)) % set.classCount);

/**
 * Trains with wrong labels on what is to be forgotten and with the true ones on the rest. Labels are drawn anew in every
 * epoch. `'inTurn'`: all of D_f, then all of D_r; `'mixed'`: both shuffled together.
 */
export async function trainRelabelled(
  model: Model,
  { forget, retain }: Sets,
  {
    optimizer,
    relabel,
    order,
    loop: { epochs, batchSize, seed },
  }: {
    readonly optimizer: Optimizer;
    readonly relabel: Relabel;
    readonly order: 'inTurn' | 'mixed';
    readonly loop: LoopSettings;
  },
  run: RunOptions,
): Promise<Parameters> {
  const parts = (epoch: number): readonly LabeledSet[] => {
    const wrong = relabel(forget, new CounterRandom(seed, epoch));
    return order === 'mixed' ? [wrong.concat(retain)] : [wrong, retain];
  };
  const steps = parts(0).reduce((sum, { size }) => sum + Math.ceil(size / batchSize), 0);
  const { params } = await fit<Parameters, Examples>(
    {
      params: model.parameters,
      loss: (theta, batch) => crossEntropy(model, theta, batch),
      batches: function* (epoch) {
        for (const set of parts(epoch)) {
          for (const batch of set.batches(batchSize, { order: 'shuffled', seed, epoch })) {
            using examples = batch;
            yield { x: examples.x, y: examples.y };
          }
        }
      },
      optimizer,
      epochs,
      totalSteps: epochs * steps,
    },
    run,
  );
  return params;
}
