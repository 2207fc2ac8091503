import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { full } from '../../lib/ops/elementwise/arithmetic';
import { readSafetensors } from '../../lib/io/safetensors';
import type { CheckpointModel, ModelOutputs } from '../../lib/models/checkpoint/checkpointModel';
import { loadModel } from '../../lib/models/folder';
import { run } from '../../lib/models/hooks/run';
import type { ModelInputs } from '../../lib/models/inputs';
import { add, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { mean } from '../../lib/ops/reduce/reduce';
import { grad } from '../../lib/transforms/grad';
import { relativeError } from './checkpoints';

/** Tiny networks of images that `transformers` saved, with what it computes: see test/golden/vision.py. */
const VISION = join(__dirname, '../golden/vision');
const TOLERANCE = 1e-4;
const BFLOAT16_TOLERANCE = 0.1;

interface Golden {
  readonly inputs: ModelInputs;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Outputs by their names in the golden files. */
const OUTPUTS = {
  logits: 'logits',
  hidden: 'hidden',
  pooled: 'pooled',
  image_embeds: 'imageEmbeddings',
  text_embeds: 'textEmbeddings',
} as const satisfies Record<string, keyof ModelOutputs>;

async function goldenOf(name: string): Promise<Golden> {
  const file = await readSafetensors(join(VISION, name, 'golden.safetensors'));
  const tensors = new Map(file.entries.map((entry) => [entry.name, file.tensor(entry.name)]));
  const [pixels, ids, mask] = ['pixel_values', 'input_ids', 'attention_mask'].map((key) => tensors.get(key));
  const inputs = {
    ...(pixels ? { pixelValues: pixels } : {}),
    ...(ids && mask ? { inputIds: ids, attentionMask: mask } : {}),
  } as ModelInputs;
  return { inputs, tensors };
}

const expectedOf = ({ tensors }: Golden): (readonly [keyof ModelOutputs, Tensor])[] =>
  Object.entries(OUTPUTS).flatMap(([theirs, ours]) => {
    const expected = tensors.get(theirs);
    return expected ? [[ours, expected] as const] : [];
  });

/** The mean cross-entropy of the labels; without logits the mean squares of what comes out. */
const lossOf =
  (model: CheckpointModel, golden: Golden) =>
  (parameters: Parameters): Tensor => {
    const outputs = model.outputs(parameters, golden.inputs);
    const labels = golden.tensors.get('labels');
    if (labels) return softmaxCrossEntropy(outputs.logits!, labels, { reduction: 'mean' });
    const squares = expectedOf(golden).map(([name]) => mean(square(outputs[name] as Tensor)));
    return squares.reduce((a, b) => add(a, b));
  };

describe.each(readdirSync(VISION).sort())('%s', (name) => {
  const folder = join(VISION, name);

  it('has the outputs and gradients of transformers', async () => {
    const golden = await goldenOf(name);
    const model = await loadModel(folder);
    const outputs = model.outputs(model.parameters, golden.inputs);
    for (const [key, expected] of expectedOf(golden)) {
      const error = await relativeError(outputs[key] as Tensor, expected);
      expect([key, error < TOLERANCE ? 'as expected' : error]).toEqual([key, 'as expected']);
    }
    const loss = lossOf(model, golden);
    expect(await relativeError(loss(model.parameters), golden.tensors.get('loss')!)).toBeLessThan(TOLERANCE);
    const gradients = grad(loss)(model.parameters);
    const kept = [...golden.tensors].filter(([key]) => key.startsWith('grad:'));
    expect(kept).toHaveLength(3);
    for (const [key, slope] of kept) {
      const error = await relativeError(gradients.get(key.slice('grad:'.length)), slope);
      expect([key, error < TOLERANCE ? 'as expected' : error]).toEqual([key, 'as expected']);
    }
  });

  it('runs in bfloat16', async () => {
    const golden = await goldenOf(name);
    const model = await loadModel(folder, { dtype: 'bfloat16' });
    const outputs = model.outputs(model.parameters, golden.inputs);
    for (const [key, expected] of expectedOf(golden)) {
      const ours = outputs[key] as Tensor;
      expect(ours.dtype).toBe('bfloat16');
      expect(await relativeError(ours, expected)).toBeLessThan(BFLOAT16_TOLERANCE);
    }
  });

  it('is saved byte by byte, running statistics and all', async () => {
    const model = await loadModel(folder);
    const to = mkdtempSync(join(tmpdir(), 'palimpsest-vision-'));
    try {
      await model.save(to);
      const [before, after] = [
        await readSafetensors(join(folder, 'model.safetensors')),
        await readSafetensors(join(to, 'model.safetensors')),
      ];
      expect(after.entries.map((entry) => entry.name)).toEqual(before.entries.map((entry) => entry.name));
      for (const { name: key } of before.entries)
        expect(await after.tensor(key).data()).toEqual(await before.tensor(key).data());
    } finally {
      rmSync(to, { recursive: true });
    }
  });

  it('shows every value it names, and is the same to the bit when looked at', async () => {
    const golden = await goldenOf(name);
    const model = await loadModel(folder);
    const { read, ...outputs } = run(model, golden.inputs, { read: model.hookPoints });
    expect(Object.keys(read).sort()).toEqual([...model.hookPoints].sort());
    const [ours] = expectedOf(golden);
    const plain = model.outputs(model.parameters, golden.inputs)[ours![0]] as Tensor;
    expect(await (outputs[ours![0]] as Tensor).data()).toEqual(await plain.data());
  });
});

test('running statistics are buffers, not parameters', async () => {
  const model = await loadModel(join(VISION, 'resnet-basic'));
  expect(model.parameters.names.some((name) => name.includes('running'))).toBe(false);
  expect(model.buffers.names.filter((name) => name.endsWith('running_mean'))).toHaveLength(9);
});

test('a block of one tower can be replaced', async () => {
  const model = await loadModel(join(VISION, 'clip'));
  const { inputs, tensors } = await goldenOf('clip');
  const { logits, imageEmbeddings, textEmbeddings } = run(model, inputs, {
    patch: { 'vision.blocks.0.attn_out': (value) => mul(value, 0) },
  });
  expect(await relativeError(textEmbeddings!, tensors.get('text_embeds')!)).toBeLessThan(TOLERANCE);
  expect(await relativeError(imageEmbeddings!, tensors.get('image_embeds')!)).toBeGreaterThan(0.01);
  expect(await relativeError(logits!, tensors.get('logits')!)).toBeGreaterThan(0.01);
});

test('images of another size are refused', async () => {
  const model = await loadModel(join(VISION, 'vit'));
  expect(() => model.forward(model.parameters, full([2, 3, 8, 4], 0))).toThrow(
    'pixel values [N, 3, 8, 8] expected, got [2, 3, 8, 4]',
  );
  const clip = await loadModel(join(VISION, 'clip'));
  expect(() => clip.forward(clip.parameters, full([2, 3, 8, 8], 0))).toThrow('{ inputIds, pixelValues }');
});
