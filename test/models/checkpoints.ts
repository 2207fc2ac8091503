import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { readSafetensors } from '../../lib/io/safetensors';
import type { CheckpointModel } from '../../lib/models/checkpoint/checkpointModel';
import type { TokenInputs } from '../../lib/models/inputs';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { slice } from '../../lib/ops/shape/slice';

/** Tiny models that `transformers` saved, with its logits and gradients: see test/golden/checkpoints.py. */
export const CHECKPOINTS = join(__dirname, '../golden/checkpoints');
export const cases = readdirSync(CHECKPOINTS).sort();

export interface Golden {
  readonly inputs: TokenInputs;
  readonly labels: Tensor;
  readonly logits: Tensor;
  readonly gradients: ReadonlyMap<string, Tensor>;
}

export async function goldenOf(name: string): Promise<Golden> {
  const file = await readSafetensors(join(CHECKPOINTS, name, 'golden.safetensors'));
  const gradients = file.entries
    .filter((entry) => entry.name.startsWith('grad:'))
    .map((entry) => [entry.name.slice('grad:'.length), file.tensor(entry.name)] as const);
  return {
    inputs: {
      inputIds: file.tensor('input_ids'),
      attentionMask: file.tensor('attention_mask'),
      positionIds: file.tensor('position_ids'),
    },
    labels: file.tensor('labels'),
    logits: file.tensor('logits'),
    gradients: new Map(gradients),
  };
}

/** The mean cross-entropy of every step's next label, where that is not -100. */
export const nextLabelLoss =
  (model: CheckpointModel, { inputs, labels }: Pick<Golden, 'inputs' | 'labels'>) =>
  (parameters: Parameters): Tensor => {
    const logits = model.forward(parameters, inputs);
    const [examples = 0, steps = 0] = labels.shape;
    return softmaxCrossEntropy(
      slice(logits, { starts: [0, 0], stops: [examples, steps - 1] }),
      slice(labels, { starts: [0, 1], stops: [examples, steps] }),
      { reduction: 'mean' },
    );
  };

/** ||a - b|| / ||b|| over the rows that are kept. */
export async function relativeError(a: Tensor, b: Tensor, kept?: Tensor): Promise<number> {
  const [x, y] = [await a.data(), await b.data()];
  const rows = kept && (await kept.data());
  const width = rows ? y.length / rows.length : 1;
  let [difference, size] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    if (rows && Number(rows[Math.floor(i / width)]) === 0) continue;
    difference += (Number(x[i]) - Number(y[i])) ** 2;
    size += Number(y[i]) ** 2;
  }
  return Math.sqrt(difference / size);
}
