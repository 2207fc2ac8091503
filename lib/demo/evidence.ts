import type { LabeledSet } from '../data/labeledSet';
import type { Parameters } from '../graph/parameters';
import type { RunOptions } from '../graph/tensor';
import { histogram, predictedClasses } from '../metrics';
import type { DemoExample, DemoRequest } from '../report/result';
import type { RequestPlan } from './plan';
import type { Workbench } from './workbench';

const LEAST_RATIO = -6;

/** The distribution of log10(I_Df / I_D), from one millionth up, over all parameters where it is a number. */
export async function ratioHistogram(importance: {
  readonly forget: Parameters;
  readonly full: Parameters;
}): Promise<DemoRequest['ratioHistogram']> {
  const ratios: number[] = [];
  for (const [name, full] of importance.full) {
    const [denominators, numerators] = await Promise.all([full.data(), importance.forget.get(name).data()]);
    denominators.forEach((d, i) => {
      const ratio = Math.log10((numerators[i] ?? 0) / d);
      if (Number.isFinite(ratio)) ratios.push(ratio);
    });
  }
  // Weights that hardly matter to the forget set make a long tail to the left, which says nothing more.
  const largest = ratios.reduce((high, ratio) => Math.max(high, ratio), 1);
  const { edges, counts } = histogram(ratios, { min: LEAST_RATIO, max: Math.ceil(largest + 1e-9), bins: 56 });
  return { edges, counts };
}

const SHOWN = 8;

/** Some digits of each kind with the predictions of the original and of the edited model. */
export async function shownExamples(
  { predict, classes }: Workbench,
  plan: RequestPlan,
  edited: Parameters,
  run: RunOptions,
): Promise<DemoExample[]> {
  const { forget, retain, triggered } = plan.judge;
  const groups: readonly (readonly [string, LabeledSet])[] = triggered
    ? [
        ['with the trigger', spread(triggered)],
        ['clean', spread(retain)],
      ]
    : [
        ['to forget', spread(forget)],
        ['to keep', spread(retain)],
      ];
  const examples: DemoExample[] = [];
  for (const [group, set] of groups) {
    const before = predictedClasses(await predict(plan.trained.model.parameters, set, run), classes);
    const after = predictedClasses(await predict(edited, set, run), classes);
    const pixels = set.features;
    const size = pixels.length / set.size;
    for (let i = 0; i < set.size; i++) {
      examples.push({
        pixels: [...pixels.subarray(i * size, (i + 1) * size)],
        label: set.labels[i] ?? 0,
        before: before[i] ?? 0,
        after: after[i] ?? 0,
        group,
      });
    }
  }
  return examples;
}

/** A few examples from all over a set. */
const spread = (set: LabeledSet): LabeledSet => {
  const count = Math.min(SHOWN, set.size);
  return set.subset(Int32Array.from({ length: count }, (_, i) => Math.floor((i * set.size) / count)));
};
