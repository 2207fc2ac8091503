import type { LabeledSet } from '../data/labeledSet';
import { compile } from '../graph/compile';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import {
  accuracy,
  confusionMatrix,
  membershipInference,
  predictedClasses,
  predictionEntropy,
} from '../metrics';
import { add, cast, notEqual } from '../ops/elementwise/arithmetic';
import { sum } from '../ops/reduce/sum';
import type { Predictor } from '../models/predictor';

/** The sets on which a request is judged. No method and no search sees any of them but `forgetMembers`. */
export interface JudgeSets {
  /** Where the knowledge to be forgotten shows. */
  readonly forget: LabeledSet;
  /** Where the knowledge to be kept shows. */
  readonly retain: LabeledSet;
  readonly test: LabeledSet;
  /** Backdoor request: triggered test images with their true labels. */
  readonly triggered?: LabeledSet;
  /** For the membership attack: training examples to forget, training examples to keep, and unseen ones. */
  readonly forgetMembers: LabeledSet;
  readonly retainMembers: LabeledSet;
  readonly nonMembers: LabeledSet;
}

export interface Judgement {
  readonly forgetAccuracy: number;
  readonly retainAccuracy: number;
  readonly testAccuracy: number;
  readonly triggeredAccuracy?: number;
  /** Share of the forget set that the attack calls members of the training data. */
  readonly mia: number;
  readonly confusion: readonly (readonly number[])[];
}

/** Measures a model's parameters on the sets of a request. */
export async function judge(
  predict: Predictor,
  parameters: Parameters,
  sets: JudgeSets,
  classes: number,
  run: RunOptions,
): Promise<Judgement> {
  const predictions = async (set: LabeledSet): Promise<Int32Array> =>
    predictedClasses(await predict(parameters, set, run), classes);
  const accuracyOn = async (set: LabeledSet): Promise<number> => accuracy(await predictions(set), set.labels);
  const entropyOn = async (set: LabeledSet): Promise<Float64Array> =>
    predictionEntropy(await predict(parameters, set, run), classes);

  const testPredictions = await predictions(sets.test);
  const attack = membershipInference({
    retain: await entropyOn(sets.retainMembers),
    test: await entropyOn(sets.nonMembers),
    forget: await entropyOn(sets.forgetMembers),
  });
  return {
    forgetAccuracy: await accuracyOn(sets.forget),
    retainAccuracy: await accuracyOn(sets.retain),
    testAccuracy: accuracy(testPredictions, sets.test.labels),
    ...(sets.triggered ? { triggeredAccuracy: await accuracyOn(sets.triggered) } : {}),
    mia: attack.forgetMemberRate,
    confusion: confusionMatrix(testPredictions, sets.test.labels, classes),
  };
}

const countDifferences = compile((before: Parameters, after: Parameters) =>
  [...before].map(([name, old]) => sum(cast(notEqual(old, after.get(name)), 'int32'))).reduce(add),
);

/** How many numbers differ between two sets of parameters. */
export async function weightsChanged(before: Parameters, after: Parameters): Promise<number> {
  using count = await countDifferences(before, after);
  return await count.item();
}
