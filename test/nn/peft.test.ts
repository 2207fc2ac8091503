import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  adam,
  evaluate,
  fit,
  grad,
  groupNorms,
  key,
  loadModel,
  loadPeft,
  Parameters,
  peftLora,
  peftTargets,
  readSafetensors,
  savePeft,
  softmaxCrossEntropy,
  tensor,
  zeros,
  type CheckpointModel,
} from '../../lib';
import { bytesOf } from '../../lib/io/tensorBytes';
import { CHECKPOINTS } from '../models/checkpoints';

const GOLDEN = join(__dirname, '../golden/peft');
/** In float32, through two blocks. */
const TOLERANCE = 1e-4;

const bitsOf = async (parameters: Parameters): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for (const item of parameters.tensors)
    for await (const bytes of bytesOf(item)) pieces.push(Buffer.from(bytes));
  return Buffer.concat(pieces);
};

describe.each(['gpt2', 'llama'])('an adapter in the layout of PEFT: %s', (name) => {
  let model: CheckpointModel;
  let folder: string;
  beforeAll(async () => {
    model = await loadModel(join(CHECKPOINTS, name));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peft-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('computes what the formula says, attached and merged', async () => {
    const { adapter, small } = await loadPeft(join(GOLDEN, name), model.parameters);
    const golden = await readSafetensors(join(GOLDEN, name, 'logits.safetensors'));
    const expected = await golden.tensor('logits').data<'float32'>();
    const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const differ = async (parameters: Parameters): Promise<number> => {
      const found = await model.forward(parameters, golden.tensor('input_ids')).data<'float32'>();
      return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / scale;
    };
    expect(await differ(adapter.apply(model.parameters, small))).toBeLessThan(TOLERANCE);
    const merged = await adapter.delta(model.parameters, small).apply(model.parameters);
    expect(await differ(merged.parameters)).toBeLessThan(TOLERANCE);
    expect(await differ(model.parameters)).toBeGreaterThan(100 * TOLERANCE);
    // Unmerging gives the old bits.
    const before = await merged.revert();
    expect(await bitsOf(before)).toEqual(await bitsOf(model.parameters));
  });

  it('is saved under the names of PEFT, to the bit', async () => {
    const { small, options } = await loadPeft(join(GOLDEN, name), model.parameters);
    const path = join(folder, 'adapter');
    await savePeft(path, small, { ...options, baseModel: 'base' });
    const [ours, theirs] = await Promise.all(
      [path, join(GOLDEN, name)].map((from) => readSafetensors(join(from, 'adapter_model.safetensors'))),
    );
    expect(ours!.entries.map((entry) => entry.name).sort()).toEqual(
      theirs!.entries.map((entry) => entry.name).sort(),
    );
    for (const entry of ours!.entries)
      expect(await ours!.tensor(entry.name).data()).toEqual(await theirs!.tensor(entry.name).data());
    const config = JSON.parse(await readFile(join(path, 'adapter_config.json'), 'utf8')) as object;
    const golden = JSON.parse(await readFile(join(GOLDEN, name, 'adapter_config.json'), 'utf8')) as object;
    const { r, lora_alpha, target_modules, fan_in_fan_out, use_rslora } = golden as Record<string, unknown>;
    expect(config).toMatchObject({
      ...{ peft_type: 'LORA', base_model_name_or_path: 'base' },
      ...{ r, lora_alpha, target_modules, fan_in_fan_out, use_rslora },
    });
    expect((await loadPeft(path, model.parameters)).options).toEqual(options);
  });

  it('refuses what it would compute wrongly', async () => {
    const { small, options } = await loadPeft(join(GOLDEN, name), model.parameters);
    const path = join(folder, 'adapter');
    await savePeft(path, small, options);
    const configPath = join(path, 'adapter_config.json');
    const config = JSON.parse(await readFile(configPath, 'utf8')) as object;
    const loading = async (changes: object): Promise<unknown> => {
      await writeFile(configPath, JSON.stringify({ ...config, ...changes }));
      return loadPeft(path, model.parameters);
    };
    await expect(loading({ use_dora: true })).rejects.toThrow(/field 'use_dora'/);
    await expect(loading({ bias: 'all' })).rejects.toThrow(/field 'bias'/);
    await expect(loading({ peft_type: 'IA3' })).rejects.toThrow(/field 'peft_type'/);
    await expect(loading({ r: 3 })).rejects.toThrow(/must have rank 3/);
    await expect(loading({ target_modules: ['nothing'] })).rejects.toThrow(
      /no layer that target_modules names/,
    );
    await expect(savePeft(folder, small, options)).rejects.toThrow(/will not be replaced/);
    await expect(savePeft(path, small, { ...options, rank: 9 })).rejects.toMatchObject({
      code: 'ERR_FORMAT',
    });
    await expect(savePeft(path, small, { ...options, alpa: 1 } as never)).rejects.toThrow(
      /did you mean 'alpha'/,
    );
  });
});

describe('peftLora', () => {
  it('is trained by the loop that trains everything, and leaves the model alone', async () => {
    const model = await loadModel(join(CHECKPOINTS, 'gpt2'));
    const before = await bitsOf(model.parameters);
    const adapter = peftLora({ targetModules: ['c_attn', 'c_proj'], rank: 4, alpha: 16, fanInFanOut: true });
    const start = adapter.init(key(1), model.parameters);
    const ids = tensor(Int32Array.of(5, 17, 3, 40), { shape: [1, 4] });
    const labels = tensor(Int32Array.of(17, 3, 40, 21), { shape: [1, 4] });
    const loss = (small: Parameters) =>
      softmaxCrossEntropy(model.forward(adapter.apply(model.parameters, small), ids), labels, {
        reduction: 'mean',
      });
    const { params } = await fit({
      params: start,
      loss,
      batches: () => [{ ids }],
      optimizer: adam({ learningRate: 0.02 }),
      epochs: 60,
    });
    const [first, last] = [await loss(start).item(), await loss(params).item()];
    expect(last).toBeLessThan(first / 3);
    expect(await bitsOf(model.parameters)).toEqual(before);
  });

  it('names layers as PEFT does', () => {
    const names = [
      'h.0.attn.c_attn.weight',
      'h.0.attn.c_attn.bias',
      'h.10.mlp.c_fc.weight',
      'h.1.xc_fc.weight',
    ];
    expect(names.filter(peftTargets(['c_attn', 'c_fc']))).toEqual([names[0], names[2]]);
    expect(names.filter(peftTargets('h\\.1\\d*\\..*c_fc'))).toEqual([names[2], names[3]]);
    expect(names.filter(peftTargets('c_fc'))).toEqual([]);
    expect(() => peftTargets([])).toThrow(/list of names of layers expected/);
    expect(() => peftTargets('(')).toThrow(/no regular expression/);
  });

  it('has norms of groups, with a derivative of 0 where all is 0', async () => {
    const small = new Parameters([
      ['h.0.a.lora_A.weight', tensor([[3, 0]])],
      ['h.0.b.lora_B.weight', tensor([[4]])],
      ['h.1.a.lora_A.weight', zeros([2, 2])],
    ]);
    const norms = groupNorms(small);
    expect([...norms.keys()]).toEqual(['h.0', 'h.1']);
    expect(await Promise.all([...norms.values()].map((norm) => norm.item()))).toEqual([5, 0]);
    const slopes = grad((theta: Parameters) => groupNorms(theta, () => 'all').get('all')!)(small);
    await evaluate(slopes);
    expect(await slopes.get('h.0.a.lora_A.weight').data()).toEqual(Float32Array.of(3 / 5, 0));
    const off = grad((theta: Parameters) => groupNorms(theta).get('h.1')!)(small);
    expect(await off.get('h.1.a.lora_A.weight').data()).toEqual(new Float32Array(4));
  });
});
