import { dampenParameters } from '../curvature/dampening';
import type { LabeledSet } from '../data/labeledSet';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import { accuracy, predictedClasses } from '../metrics';
import type { Predictor } from '../models/predictor';

/** A strength of SSD. */
export interface Strength {
  readonly alpha: number;
  readonly lambda: number;
  /** Strengths of one series differ in alpha only: a line of the chart. */
  readonly series: number;
}

/** One strength that was tried, with accuracies on data that no reported number uses. */
export interface StrengthTrial extends Strength {
  readonly forgetAccuracy: number;
  readonly retainAccuracy: number;
  readonly selected: number;
}

export interface StrengthSearch {
  readonly parameters: Parameters;
  readonly importance: { readonly forget: Parameters; readonly full: Parameters };
  readonly grid: readonly Strength[];
  /** Where forgetting shows, and where keeping does. */
  readonly forget: LabeledSet;
  readonly retain: LabeledSet;
  readonly classes: number;
}

/** Tries the strengths of a grid, until one is found good: dampens, predicts, lets go. */
export async function tryStrengths(
  predict: Predictor,
  { parameters, importance, grid, forget, retain, classes }: StrengthSearch,
  run: RunOptions,
  isGood: (trial: StrengthTrial) => boolean = () => false,
): Promise<StrengthTrial[]> {
  const trials: StrengthTrial[] = [];
  const accuracyOf = async (tried: Parameters, set: LabeledSet): Promise<number> =>
    accuracy(predictedClasses(await predict(tried, set, run), classes), set.labels);
  for (const strength of grid) {
    const { alpha, lambda } = strength;
    const dampened = await dampenParameters(parameters, importance, { alpha, lambda }, run);
    const trial = {
      ...strength,
      forgetAccuracy: await accuracyOf(dampened.parameters, forget),
      retainAccuracy: await accuracyOf(dampened.parameters, retain),
      selected: dampened.selected,
    };
    trials.push(trial);
    dampened.parameters.dispose();
    run.onProgress?.({ done: trials.length, total: grid.length, phase: 'search for the strength' });
    if (isGood(trial)) break;
  }
  return trials;
}

/** The trial with the highest score; of equal ones the gentlest, which comes first in a grid from weak to strong. */
export function bestTrial(
  trials: readonly StrengthTrial[],
  score: (trial: StrengthTrial) => number,
): StrengthTrial {
  const [first, ...others] = trials;
  if (!first) throw new RangeError('bestTrial: at least one trial expected');
  return others.reduce((best, trial) => (score(trial) > score(best) ? trial : best), first);
}
