import { join } from 'node:path';

import { evaluate, loadModel, mul, type CheckpointModel } from '../../../lib';
import golden from '../../golden/generation.json';
import { CHECKPOINTS } from '../checkpoints';

/** A tiny model with probabilities that differ: see test/golden/generation.py. */
export async function sharpened(name: string): Promise<CheckpointModel> {
  const model = await loadModel(join(CHECKPOINTS, name));
  const table = model.parameters.has('lm_head.weight') ? 'lm_head.weight' : 'transformer.wte.weight';
  const parameters = model.parameters.with([[table, mul(model.parameters.get(table), golden.scale)]]);
  await evaluate(parameters);
  return model.withParameters(parameters);
}
