import { createHash } from 'node:crypto';

import { LabeledSet } from '../../lib/data/labeledSet';
import { evaluate } from '../../lib/graph/evaluate';
import type { Parameters } from '../../lib/graph/parameters';
import { mlp } from '../../lib/models/mlp';
import type { Model } from '../../lib/models/model';
import { directions, sequence } from './sequence';

const INPUTS = 128;
const CLASSES = 10;

/** An untrained network of 128-128-10: what matters is what happens to it, not what it says. */
export async function smallClassifier(seed: number): Promise<Model> {
  const model = mlp({ inputs: INPUTS, hidden: [128], classes: CLASSES }, { seed });
  await evaluate(model.parameters);
  return model;
}

/** Random examples for it. */
export function randomExamples(count: number, seed: number): LabeledSet {
  const next = sequence(seed);
  return LabeledSet.of({
    features: Float32Array.from(directions(count * INPUTS, next)),
    labels: Int32Array.from({ length: count }, () => Math.floor(next() * CLASSES)),
    exampleShape: [INPUTS],
    classCount: CLASSES,
  });
}

/** SHA-256 of the bits of all parameters. */
export async function digestOf(parameters: Parameters): Promise<string> {
  const hash = createHash('sha256');
  for (const [, tensor] of parameters) hash.update(await tensor.data());
  return hash.digest('hex');
}
