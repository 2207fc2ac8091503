import type { LabeledSet } from '../data/labeledSet';
import type { Model } from '../models/model';
import { adam } from '../optim/adam';
import { cosineDecay } from '../optim/schedules';
import { stepCount, type TrainOptions } from '../optim/train';
import type { Predictor } from '../models/predictor';
import type { DemoSettings } from './settings';

/** What all parts of the demonstration share. */
export interface Workbench {
  readonly settings: DemoSettings;
  readonly seed: number;
  readonly classes: number;
  readonly predict: Predictor;
  /** The model's architecture with fresh parameters. */
  readonly architecture: (seed: number) => Model;
  /** How a model is trained on these data: the same for every model of the demonstration. */
  readonly recipe: (data: LabeledSet) => TrainOptions;
}

/** Adam with a cosine schedule. */
export function recipe(
  { epochs, batchSize, learningRate }: DemoSettings,
  seed: number,
  data: LabeledSet,
): TrainOptions {
  const steps = stepCount(data, { epochs, batchSize });
  return {
    optimizer: adam({ learningRate: cosineDecay({ from: learningRate, steps }) }),
    epochs,
    batchSize,
    seed,
  };
}
