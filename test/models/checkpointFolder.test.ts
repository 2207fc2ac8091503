import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import { readSafetensors } from '../../lib/io/safetensors';
import { writeSafetensors } from '../../lib/io/writeSafetensors';
import { loadModel } from '../../lib/models/folder';
import { Ledger } from '../../lib/models/ledger';
import { loadLedger } from '../../lib/models/ledgerFiles';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { temporaryFolder } from '../io/temporaryFolder';
import { cases, CHECKPOINTS, goldenOf, relativeError } from './checkpoints';

const TOLERANCE = 1e-4;
const root = temporaryFolder();
let count = 0;
/** A copy of a golden checkpoint, to be changed. */
function copyOf(name: string): string {
  const folder = join(root, `${name} ${count++}`);
  cpSync(join(CHECKPOINTS, name), folder, { recursive: true });
  return folder;
}
type Config = Record<string, unknown>;
const configOf = (folder: string): Config =>
  JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Config;
function changeConfig(folder: string, changes: Config): void {
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configOf(folder), ...changes }));
}
const weights = (folder: string): Buffer => readFileSync(join(folder, 'model.safetensors'));

describe.each(cases)('%s', (name) => {
  it('is saved with the bytes it had', async () => {
    const [folder, target] = [join(CHECKPOINTS, name), join(root, `saved ${name}`)];
    const model = await loadModel(folder);
    await model.save(target);
    expect(weights(target).equals(weights(folder))).toBe(true);
    // To the letter: a 30 in the place of a 30.0 is refused by transformers.
    expect(readFileSync(join(target, 'config.json'), 'utf8')).toBe(
      readFileSync(join(folder, 'config.json'), 'utf8'),
    );
    expect(model.parameters.names).toEqual(
      (await readSafetensors(join(folder, 'model.safetensors'))).entries.map((entry) => entry.name),
    );
  });
});

describe('saving', () => {
  it('cuts weights into shards with an index, which load as one', async () => {
    const folder = join(CHECKPOINTS, 'llama');
    const target = join(root, 'shards');
    const model = await loadModel(folder);
    await model.save(target, { maxShardBytes: 8000 });
    const files = readdirSync(target).filter((file) => file.startsWith('model'));
    expect(files.length).toBeGreaterThan(3);
    expect(files).toContain('model.safetensors.index.json');
    const again = await loadModel(target);
    expect(again.parameters.names).toEqual(model.parameters.names);
    await again.save(join(root, 'joined'));
    expect(weights(join(root, 'joined')).equals(weights(folder))).toBe(true);
    // Saving in one file over shards leaves none of them behind.
    await again.save(target);
    expect(readdirSync(target).filter((file) => file.startsWith('model'))).toEqual(['model.safetensors']);
  });

  it('changes only what an edit changed, keeps what else belongs to the model, and writes the ledger', async () => {
    const folder = copyOf('gpt2');
    writeFileSync(join(folder, 'tokenizer.json'), '{"version":"1.0"}');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const model = await loadModel(folder);
    const touched = 'transformer.h.0.mlp.c_fc.weight';
    const after = model.parameters.with([[touched, mul(model.parameters.get(touched), 0.5)]]);
    const ledger = new Ledger();
    await ledger.record({ before: model.parameters, after, method: 'halved', options: {} });
    const target = join(root, 'edited');
    await model.withParameters(after).save(target, { ledger });
    expect(readdirSync(target).sort()).toEqual(
      [
        'config.json',
        'generation_config.json',
        'ledger.json',
        'ledger.safetensors',
        'model.safetensors',
        'tokenizer.json',
      ].sort(),
    );
    const [old, edited] = [await loadModel(folder), await loadModel(target)];
    for (const [name, value] of edited.parameters) {
      const bytes = async (x: typeof value): Promise<Buffer> => {
        const { buffer, byteOffset, byteLength } = await x.stored();
        return Buffer.from(buffer, byteOffset, byteLength);
      };
      expect([name, (await bytes(value)).equals(await bytes(old.parameters.get(name)))]).toEqual([
        name,
        name !== touched,
      ]);
    }
    expect((await loadLedger(target, { parameters: edited.parameters })).entries).toHaveLength(1);
    expect(edited.generation).toEqual(model.generation);
    expect(edited.generation).toMatchObject({ bos_token_id: 1 });
  });

  it('drops pickles of the weights before', async () => {
    const folder = copyOf('gpt2');
    writeFileSync(join(folder, 'pytorch_model.bin'), 'weights that were to be forgotten');
    await (await loadModel(folder)).save(folder);
    expect(readdirSync(folder)).not.toContain('pytorch_model.bin');
  });
});

describe('older layouts', () => {
  it.each<[string, Config]>([
    ['llama', { rope_theta: 1000 }],
    [
      'llama3',
      {
        rope_theta: 1000,
        rope_scaling: {
          rope_type: 'llama3',
          factor: 8,
          low_freq_factor: 1,
          high_freq_factor: 4,
          original_max_position_embeddings: 16,
        },
      },
    ],
    ['llama-linear', { rope_theta: 1000, rope_scaling: { type: 'linear', factor: 4 } }],
    [
      'llama-yarn',
      {
        rope_theta: 1000,
        rope_scaling: {
          type: 'yarn',
          factor: 4,
          original_max_position_embeddings: 16,
          beta_fast: 4,
          beta_slow: 1,
        },
      },
    ],
    ['pythia', { rotary_emb_base: 1000, rotary_pct: 0.25 }],
    [
      'phi3-long',
      { rope_theta: 1000, rope_scaling: { type: 'longrope', short_factor: [1, 1.1], long_factor: [1.5, 4] } },
    ],
  ])('of rotary positions give the same logits: %s', async (name, older) => {
    const folder = copyOf(name);
    changeConfig(folder, { ...older, rope_parameters: undefined, dtype: undefined, torch_dtype: 'float32' });
    const [model, golden] = [await loadModel(folder), await goldenOf(name)];
    const logits = model.forward(model.parameters, golden.inputs);
    expect(await relativeError(logits, golden.logits, golden.inputs.attentionMask)).toBeLessThan(TOLERANCE);
  });

  it('of names, without the prefix and with stored masks, keep their names and their buffers', async () => {
    const folder = copyOf('gpt2');
    const path = join(folder, 'model.safetensors');
    const tensors = [...(await readSafetensors(path)).parameters()].map(
      ([name, value]) => [name.replace('transformer.', ''), value] as const,
    );
    const table = tensors.find(([name]) => name === 'wte.weight')![1];
    await writeSafetensors(
      path,
      [...tensors, ['h.0.attn.bias', tensor([[true]])] as const, ['lm_head.weight', table] as const],
      { metadata: { format: 'pt' } },
    );
    const before = weights(folder);
    const [model, golden] = [await loadModel(folder), await goldenOf('gpt2')];
    expect(model.parameters.has('wte.weight')).toBe(true);
    expect(model.parameters.has('lm_head.weight')).toBe(false);
    expect(model.buffers.names).toEqual(['h.0.attn.bias']);
    expect(
      await relativeError(
        model.forward(model.parameters, golden.inputs),
        golden.logits,
        golden.inputs.attentionMask,
      ),
    ).toBeLessThan(TOLERANCE);
    await model.save(folder);
    expect(weights(folder).equals(before)).toBe(true);
  });
});

describe('refusals', () => {
  it.each<[string, string, Config, RegExp]>([
    [
      'an architecture',
      'gpt2',
      { architectures: ['GPT2ForQuestionAnswering'] },
      /'architectures': 'GPT2ForQuestionAnswering' is not supported.*GPT2LMHeadModel/,
    ],
    ['a model type', 'gpt2', { model_type: 'gpt3' }, /unknown model_type 'gpt3'; did you mean 'gpt2'\?/],
    [
      'an unknown field',
      'llama',
      { attention_sinks: 4 },
      /field 'attention_sinks' is not supported for 'llama'.*ignoreFields/,
    ],
    [
      'a value',
      'gpt2',
      { add_cross_attention: true },
      /'add_cross_attention': true is not supported, only false/,
    ],
    ['an activation', 'llama', { hidden_act: 'mish' }, /'hidden_act': unknown activation 'mish'/],
    [
      'a kind of rotary scaling',
      'llama',
      { rope_parameters: { rope_type: 'spiral', rope_theta: 1 } },
      /'rope_parameters': field 'rope_type': 'spiral' is not supported/,
    ],
    [
      'a field in an object',
      'llama',
      { rope_parameters: { rope_theta: 1, twist: 2 } },
      /'rope_parameters': field 'twist' is not supported/,
    ],
    [
      'a missing field',
      'llama',
      { hidden_size: undefined },
      /'hidden_size': a positive integer expected, but it is missing/,
    ],
    [
      'a field of another kind',
      'llama',
      { num_hidden_layers: '2' },
      /'num_hidden_layers': a positive integer expected, got "2"/,
    ],
    [
      'a shape',
      'llama',
      { intermediate_size: 25 },
      /parameter 'model.layers.0.mlp.gate_proj.weight' of shape \[25, 16\] expected.*got \[24, 16\]/,
    ],
    [
      'a missing parameter',
      'llama',
      { num_hidden_layers: 3 },
      /parameter 'model.layers.2.input_layernorm.weight' \[16\] is missing/,
    ],
    [
      'parameters too many',
      'llama',
      { num_hidden_layers: 1 },
      /there is no parameter 'model.layers.1.input_layernorm.weight'.*nor 8 others/,
    ],
    [
      'a second name with other numbers',
      'llama',
      { tie_word_embeddings: true },
      /'lm_head.weight' should be 'model.embed_tokens.weight' under a second name/,
    ],
  ])('name %s', async (_what, name, changes, message) => {
    const folder = copyOf(name);
    changeConfig(folder, changes);
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  it('let through a field that is said to have no bearing', async () => {
    const folder = copyOf('llama');
    changeConfig(folder, { attention_sinks: 4 });
    const model = await loadModel(folder, { ignoreFields: ['attention_sinks'] });
    expect(model.architecture).toBe('LlamaForCausalLM');
  });

  it('say how to convert a pickle', async () => {
    const folder = copyOf('gpt2');
    renameSync(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin'));
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringMatching(
        /pytorch_model.bin': .*not safe.*save_pretrained\(folder, safe_serialization=True\)/,
      ),
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no map', {}, /'weight_map': an object expected/],
    [
      'a path to elsewhere',
      { weight_map: { a: '../x.safetensors' } },
      /the name of a safetensors file expected, got "..\/x.safetensors"/,
    ],
    [
      'a tensor that is not there',
      { weight_map: { a: 'model-1.safetensors' } },
      /tensor 'a' is not in 'model-1.safetensors'/,
    ],
  ])('name what is wrong with an index: %s', async (_what, index, message) => {
    const folder = copyOf('gpt2');
    renameSync(join(folder, 'model.safetensors'), join(folder, 'model-1.safetensors'));
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  it('name inputs that do not fit', async () => {
    const model = await loadModel(join(CHECKPOINTS, 'gpt2'));
    const ids = tensor([[1, 2, 3]], { dtype: 'int32' });
    const forward = (inputs: Parameters<typeof model.forward>[1]) => () =>
      model.forward(model.parameters, inputs);
    expect(forward(tensor([1, 2], { dtype: 'int32' }))).toThrow('inputIds [N, T] expected, got [2]');
    expect(forward({ inputIds: ids, attentionMask: tensor([[1, 1]], { dtype: 'int32' }) })).toThrow(
      'attentionMask [1, 3] expected',
    );
    expect(forward(tensor(new Int32Array(40), { shape: [1, 40] }))).toThrow('at most 32 steps expected');
  });
});
