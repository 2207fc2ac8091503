import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { readSafetensors } from '../../lib/io/safetensors';
import type { CheckpointModel } from '../../lib/models/checkpoint/checkpointModel';
import { loadModel } from '../../lib/models/folder';
import { decoderOf, shiftRight } from '../../lib/models/encoderDecoder/decoding';
import { bucketOf } from '../../lib/models/encoderDecoder/relativeBias';
import { generate } from '../../lib/models/generation';
import { run } from '../../lib/models/hooks/run';
import type { TokenInputs } from '../../lib/models/inputs';
import { add, cast, div, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { mean } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { expandDims } from '../../lib/ops/shape/reshape';
import { tensor } from '../../lib/graph/create';
import { slice } from '../../lib/ops/shape/slice';
import { grad } from '../../lib/transforms/grad';
import { relativeError } from './checkpoints';

/** Tiny encoders that `transformers` saved, with what it computes: see test/golden/encoders.py. */
const ENCODERS = join(__dirname, '../golden/encoders');
const TOLERANCE = 1e-4;
/** bfloat16 has 8 bits, and rounds in every step of a network. */
const BFLOAT16_TOLERANCE = 0.1;

interface Golden {
  readonly inputs: TokenInputs;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function goldenOf(name: string): Promise<Golden> {
  const file = await readSafetensors(join(ENCODERS, name, 'golden.safetensors'));
  const tensors = new Map(file.entries.map((entry) => [entry.name, file.tensor(entry.name)]));
  const [types, written] = [tensors.get('token_type_ids'), tensors.get('decoder_input_ids')];
  return {
    inputs: {
      inputIds: tensors.get('input_ids')!,
      attentionMask: tensors.get('attention_mask')!,
      ...(types ? { tokenTypeIds: types } : {}),
      ...(written ? { decoderInputIds: written } : {}),
    },
    tensors,
  };
}

/** The mean cross-entropy of the labels; of a bare model the mean squares of what it gives. */
const lossOf =
  (model: CheckpointModel, { inputs, tensors }: Golden) =>
  (parameters: Parameters): Tensor => {
    const { logits, hidden, pooled } = model.outputs(parameters, inputs);
    if (logits) return softmaxCrossEntropy(logits, tensors.get('labels')!, { reduction: 'mean' });
    const kept = expandDims(cast(inputs.attentionMask!, hidden.dtype), -1);
    const own = div(sum(mul(square(hidden), kept)), mul(sum(kept), hidden.shape[2]!));
    return pooled ? add(own, mean(square(pooled))) : own;
  };

describe.each(readdirSync(ENCODERS).sort())('%s', (name) => {
  const folder = join(ENCODERS, name);

  it('has the outputs and gradients of transformers', async () => {
    const golden = await goldenOf(name);
    const { inputs, tensors } = golden;
    const model = await loadModel(folder, { dtype: 'float32' });
    const { logits, hidden, pooled } = model.outputs(model.parameters, inputs);
    const expected = tensors.get('logits');
    if (expected) {
      const kept =
        expected.shape.length === 3 && !tensors.has('decoder_input_ids') ? inputs.attentionMask : undefined;
      expect(await relativeError(logits!, expected, kept)).toBeLessThan(TOLERANCE);
    } else {
      expect(await relativeError(hidden, tensors.get('hidden')!, inputs.attentionMask)).toBeLessThan(
        TOLERANCE,
      );
      if (tensors.has('pooled'))
        expect(await relativeError(pooled!, tensors.get('pooled')!)).toBeLessThan(TOLERANCE);
    }
    const loss = lossOf(model, golden);
    expect(await relativeError(loss(model.parameters), tensors.get('loss')!)).toBeLessThan(TOLERANCE);
    const gradients = grad(loss)(model.parameters);
    const kept = [...tensors].filter(([key]) => key.startsWith('grad:'));
    expect(kept).toHaveLength(3);
    for (const [key, slope] of kept) {
      const error = await relativeError(gradients.get(key.slice('grad:'.length)), slope);
      expect([key, error < TOLERANCE ? 'as expected' : error]).toEqual([key, 'as expected']);
    }
  });

  it('runs in bfloat16', async () => {
    const { inputs, tensors } = await goldenOf(name);
    const model = await loadModel(folder, { dtype: 'bfloat16' });
    const { logits, hidden } = model.outputs(model.parameters, inputs);
    const [ours, theirs] = [logits ?? hidden, tensors.get('logits') ?? tensors.get('hidden')!];
    expect(ours.dtype).toBe('bfloat16');
    const kept =
      theirs.shape.length === 3 && !tensors.has('decoder_input_ids') ? inputs.attentionMask : undefined;
    expect(await relativeError(ours, theirs, kept)).toBeLessThan(BFLOAT16_TOLERANCE);
  });

  it('is saved byte by byte', async () => {
    const model = await loadModel(folder);
    const to = mkdtempSync(join(tmpdir(), 'palimpsest-encoder-'));
    try {
      await model.save(to);
      const [before, after] = [
        await readSafetensors(join(folder, 'model.safetensors')),
        await readSafetensors(join(to, 'model.safetensors')),
      ];
      expect(after.entries.map((entry) => entry.name)).toEqual(before.entries.map((entry) => entry.name));
      for (const { name: key } of before.entries)
        expect(await after.tensor(key).data()).toEqual(await before.tensor(key).data());
      expect(readFileSync(join(to, 'config.json'), 'utf8')).toBe(
        readFileSync(join(folder, 'config.json'), 'utf8'),
      );
    } finally {
      rmSync(to, { recursive: true });
    }
  });
});

test('a checkpoint in bfloat16 is loaded as it is', async () => {
  const model = await loadModel(join(ENCODERS, 'bert-bfloat16'));
  const { inputs, tensors } = await goldenOf('bert-bfloat16');
  const logits = model.forward(model.parameters, inputs);
  expect(logits.dtype).toBe('bfloat16');
  expect(await relativeError(logits, tensors.get('logits')!)).toBeLessThan(BFLOAT16_TOLERANCE);
});

test('every value can be read and replaced', async () => {
  const model = await loadModel(join(ENCODERS, 'bert-text'));
  const { inputs, tensors } = await goldenOf('bert-text');
  const names = ['embed', 'blocks.0.pattern', 'blocks.1.mlp_act', 'pooled', 'logits'];
  const { read, logits } = run(model, inputs, { read: names });
  expect(Object.keys(read)).toEqual(names);
  expect(await relativeError(logits!, tensors.get('logits')!)).toBeLessThan(TOLERANCE);
  // Rows of the pattern are shares of what is seen; padding has none.
  const pattern = await read['blocks.0.pattern']!.data<'float32'>();
  const lastRow = pattern.slice(-9);
  expect(lastRow.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 5);
  expect([...lastRow.slice(-3)]).toEqual([0, 0, 0]);
  const patched = run(model, inputs, { patch: { pooled: (value) => mul(value, 0) } });
  const [row] = [await patched.logits!.data<'float32'>()];
  expect([...row.slice(0, 3)]).toEqual([
    ...(await model.parameters.get('classifier.bias').data<'float32'>()),
  ]);
});

test('what does not fit is refused by name', async () => {
  const model = await loadModel(join(ENCODERS, 'roberta-text'));
  const ids = tensor(new Int32Array(15).fill(4), { shape: [1, 15] });
  expect(() => model.forward(model.parameters, ids)).toThrow(
    'at most 14 steps expected, as there are positions, got 15',
  );
  const three = tensor(new Int32Array(3).fill(4), { shape: [1, 3] });
  const types = tensor(new Int32Array(2), { shape: [1, 2] });
  expect(() => model.outputs(model.parameters, { inputIds: three, tokenTypeIds: types })).toThrow(
    'tokenTypeIds [1, 3] expected',
  );
});

describe('an encoder with a decoder', () => {
  test('writes what its logits say, from one encoding of the text', async () => {
    const model = await loadModel(join(ENCODERS, 't5'));
    const { inputs } = await goldenOf('t5');
    const inputIds = slice(inputs.inputIds, { stops: [1, 9] });
    const writer = await decoderOf(model, { inputIds });
    const [first] = await generate(writer, [[0]], { maxNewTokens: 5, cache: false });
    const written = [0];
    for (let step = 0; step < 5; step++) {
      const decoderInputIds = tensor(Int32Array.from(written), { shape: [1, written.length] });
      const { logits } = model.outputs(model.parameters, { inputIds, decoderInputIds });
      const scores = [...(await logits!.data<'float32'>())].slice(-40);
      written.push(scores.indexOf(Math.max(...scores)));
    }
    expect([...first!.tokens]).toEqual(written.slice(1));
  });

  test('has a helper for what the decoder sees of its labels', async () => {
    const labels = tensor(Int32Array.of(5, 6, 7, 8, -100, -100), { shape: [2, 3] });
    expect([...(await shiftRight(labels, { start: 1, padding: 0 }).data())]).toEqual([1, 5, 6, 1, 8, 0]);
  });

  test('asks for what the decoder is to go on from', async () => {
    const model = await loadModel(join(ENCODERS, 't5'));
    const { inputs } = await goldenOf('bert');
    expect(() => model.outputs(model.parameters, { inputIds: inputs.inputIds })).toThrow(
      'needs decoderInputIds',
    );
  });

  test.each([
    // Eight rows in both directions, of which four are for keys ahead.
    [[-9, -7, -3, -2, -1, 0], false, [3, 3, 2, 2, 1, 0]],
    [[1, 2, 3, 7, 20], false, [5, 6, 6, 7, 7]],
    [[1, 0, -1, -3, -4, -5, -6, -7, -30], true, [0, 0, 1, 3, 4, 5, 6, 7, 7]],
  ])('distances %j, causal %s, have the rows %j', (distances, isCausal, rows) => {
    const rule = { count: 8, farthest: 7 };
    expect(distances.map((distance) => bucketOf(distance, isCausal, rule))).toEqual(rows);
  });
});
