import { dampenParameters } from '../../lib/curvature/dampening';
import { diagFisher } from '../../lib/curvature/diagFisher';
import type { LabeledSet } from '../../lib/data/labeledSet';
import { LabeledSet as Labeled } from '../../lib/data/labeledSet';
import { permutation } from '../../lib/data/shuffle';
import { ssd } from '../../lib/unlearn';
import { digits, scorer, trainedMlp } from '../support/digitsMlp';
import { permutedFactors } from '../support/permutedFactors';
import { announce } from '../support/numbers';

// Corrective unlearning at a first size: 100 of 4,000 digits carry a patch and the label 0, ten of them are identified.

const SEED = 2;
const POISON = 100;
const PATCH = 3;

/** The digits as images, so that they can be patched, and flat again for the network. */
const asImages = (set: LabeledSet): LabeledSet =>
  Labeled.of({ features: set.features, labels: set.labels, exampleShape: [28, 28], classCount: 10 });

const { train, test: unseen } = digits(SEED);
const poison = permutation(train.size, SEED)
  .filter((i) => train.labels[i] !== 0)
  .slice(0, POISON);
const isPoison = new Set(poison);
const poisoned = asImages(train)
  .withPatch({ size: PATCH }, poison)
  .relabel((label, i) => (isPoison.has(i) ? 0 : label));
const { chosen: identified, rest } = poisoned.split(poison.slice(0, POISON / 10));
const [validation, clean] = [unseen.subset(range(0, 1000)), unseen.subset(range(1000, unseen.size))];
const triggered = asImages(clean.subset(clean.indicesWhere((label) => label !== 0))).withPatch({
  size: PATCH,
});

test('SSD removes the backdoor with a tenth of the poison identified; retraining does not', async () => {
  const model = await trainedMlp(poisoned, SEED);
  const score = scorer(model);
  const cleanBefore = await score(model.parameters, clean);
  expect(cleanBefore).toBeGreaterThanOrEqual(0.9);
  expect(await score(model.parameters, triggered)).toBeLessThanOrEqual(0.1);

  const retrained = await trainedMlp(rest, SEED + 1);
  expect(await score(retrained.parameters, triggered)).toBeLessThanOrEqual(0.15);

  const importance = { full: await diagFisher(model, rest), forget: await diagFisher(model, identified) };
  let best = { score: -1, alpha: 0, lambda: 0 };
  for (const alpha of [0.1, 1, 10, 50, 100, 500, 1e3, 1e4]) {
    for (const part of [0.1, 0.5, 1]) {
      const strength = { alpha, lambda: part * alpha };
      const { parameters } = await dampenParameters(model.parameters, importance, strength);
      const fit = (1 - (await score(parameters, identified)) + (await score(parameters, validation))) / 2;
      if (fit > best.score) best = { score: fit, ...strength };
    }
  }
  const { alpha, lambda } = best;
  const data = { forget: identified, fullImportance: importance.full, forgetImportance: importance.forget };
  const { parameters } = await ssd(model, data, { alpha, lambda });
  const corrected = await score(parameters, triggered);
  const lost = cleanBefore - (await score(parameters, clean));
  announce(
    'R23',
    `backdoor: triggered accuracy ${corrected.toFixed(3)}, clean accuracy lost ${lost.toFixed(3)}`,
  );
  expect(corrected).toBeGreaterThanOrEqual(0.5);
  expect(lost).toBeLessThanOrEqual(0.06);

  const shuffled = await permutedFactors(model.parameters, parameters);
  expect(await score(shuffled, triggered)).toBeLessThanOrEqual(0.15);
}, 400_000);

function range(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, i) => from + i);
}
