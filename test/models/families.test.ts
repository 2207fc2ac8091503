import { join } from 'node:path';

import { grad } from '../../lib/transforms/grad';
import { loadModel } from '../../lib/models/folder';
import { cases, CHECKPOINTS, goldenOf, nextLabelLoss, relativeError } from './checkpoints';

/** Of norms, in float32: what issue 5 asks for. */
const TOLERANCE = 1e-4;
/** bfloat16 has 8 bits, and rounds in every step of a network. */
const BFLOAT16_TOLERANCE = 0.1;

describe.each(cases)('%s', (name) => {
  const folder = join(CHECKPOINTS, name);

  it('has the logits and gradients of transformers', async () => {
    const golden = await goldenOf(name);
    const model = await loadModel(folder);
    const mask = golden.inputs.attentionMask;
    const logits = model.forward(model.parameters, golden.inputs);
    expect(await relativeError(logits, golden.logits, mask)).toBeLessThan(TOLERANCE);
    const gradients = grad(nextLabelLoss(model, golden))(model.parameters);
    expect(golden.gradients.size).toBe(3);
    for (const [parameter, expected] of golden.gradients) {
      const error = await relativeError(gradients.get(parameter), expected);
      expect([parameter, error < TOLERANCE ? 'as expected' : error]).toEqual([parameter, 'as expected']);
    }
  });

  it('counts the positions of padded texts by itself', async () => {
    const golden = await goldenOf(name);
    const model = await loadModel(folder);
    const { inputIds, attentionMask } = golden.inputs;
    const logits = model.forward(model.parameters, { inputIds, attentionMask: attentionMask! });
    expect(await relativeError(logits, golden.logits, attentionMask)).toBeLessThan(TOLERANCE);
  });

  it('runs in bfloat16', async () => {
    const golden = await goldenOf(name);
    const model = await loadModel(folder, { dtype: 'bfloat16' });
    const logits = model.forward(model.parameters, golden.inputs);
    expect(logits.dtype).toBe('bfloat16');
    expect(await relativeError(logits, golden.logits, golden.inputs.attentionMask)).toBeLessThan(
      BFLOAT16_TOLERANCE,
    );
  });
});
