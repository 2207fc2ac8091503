import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generate, loadModel, loadTokenizer, readSafetensors } from '../../lib';
import { goldenOf, relativeError } from '../models/checkpoints';
import { run } from './captured';

const GOLDEN = join(__dirname, '../golden');
const CHECKPOINT = join(GOLDEN, 'checkpoints/gpt2');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('palimpsest inspect', () => {
  it('says what is there, for people and for programs', async () => {
    const model = await loadModel(CHECKPOINT);
    const { code, stdout } = await run(['inspect', CHECKPOINT, '--tensors', '--hooks']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GPT2LMHeadModel \(gpt2\)\n/);
    expect(stdout).toContain('lm_head.weight is transformer.wte.weight\n');
    expect(stdout).toContain('blocks.1.mlp_out\n');
    for (const name of model.parameters.names) expect(stdout).toContain(name);
    const facts = JSON.parse((await run(['inspect', CHECKPOINT, '--json'])).stdout) as Record<
      string,
      unknown
    >;
    expect(facts).toMatchObject({
      ...{ architecture: 'GPT2LMHeadModel', modelType: 'gpt2', weights: model.parameters.elementCount },
      ...{ bytes: 4 * model.parameters.elementCount, dtypes: { float32: model.parameters.elementCount } },
      ...{ tied: { 'lm_head.weight': 'transformer.wte.weight' }, tokenizer: false, ledgerEntries: 0 },
    });
    expect(facts.hookPoints).toEqual(model.hookPoints);
  });

  it('names what is missing', async () => {
    const { code, stderr } = await run(['inspect', join(folder, 'nothing'), '--json']);
    expect([code, (JSON.parse(stderr) as { error: { code: string } }).error.code]).toEqual([1, 'ERR_IO']);
  });
});

describe('palimpsest run', () => {
  const out = (): string => join(folder, 'out.safetensors');
  const input = join(CHECKPOINT, 'golden.safetensors');

  it('writes logits, hook points and gradients as transformers has them', async () => {
    const golden = await goldenOf('gpt2');
    const grads = [...golden.gradients.keys()].flatMap((name) => ['--grad', name]);
    const read = ['--read', 'blocks.0.attn_out'];
    const { code, stdout, stderr } = await run([
      'run',
      CHECKPOINT,
      '--input',
      input,
      '--out',
      out(),
      ...read,
      ...grads,
      '--json',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { outputs } = JSON.parse(stdout) as { outputs: Record<string, { shape: number[] }> };
    expect(outputs['read:blocks.0.attn_out']!.shape).toEqual([...golden.logits.shape.slice(0, 2), 16]);
    expect(outputs.loss!.shape).toEqual([]);
    const file = await readSafetensors(out());
    const pairs = [
      ['logits', golden.logits] as const,
      ...[...golden.gradients].map(([name, slope]) => [`grad:${name}`, slope] as const),
    ];
    for (const [name, expected] of pairs) {
      const [ours, theirs] = [await file.tensor(name).data<'float32'>(), await expected.data<'float32'>()];
      const scale = theirs.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const error = ours.reduce((most, x, i) => Math.max(most, Math.abs(x - theirs[i]!)), 0);
      // Padding has logits of its own, which nobody compares: those of the first text are whole.
      if (name !== 'logits') expect(error / scale).toBeLessThan(1e-4);
      else {
        const first = theirs.length / 2;
        const part = ours.slice(0, first).map((x, i) => Math.abs(x - theirs[i]!));
        expect(Math.max(...part) / scale).toBeLessThan(1e-4);
      }
    }
  });

  it.each([
    ['unet', 'output', ['--read', 'mid_block.attentions.0']],
    ['vae', 'output', ['--read', 'latent_mean']],
  ])('evaluates the %s of a diffusion model', async (part, expected, more) => {
    const model = join(GOLDEN, 'diffusion/stable-diffusion', part);
    const golden = join(model, 'golden.safetensors');
    const { code, stderr } = await run(['run', model, '--input', golden, '--out', out(), ...more]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [file, reference] = [await readSafetensors(out()), await readSafetensors(golden)];
    expect(await relativeError(file.tensor('hidden'), reference.tensor(expected))).toBeLessThan(1e-4);
    expect(file.entries.map(({ name }) => name)).toEqual(['hidden', `read:${more[1]!}`]);
  });

  it.each([
    [['--read', 'blocks.0.atn_out'], 2, "did you mean 'blocks.0.attn_out'?"],
    [['--grad', 'transformer.wte.weigt'], 1, "did you mean 'transformer.wte.weight'?"],
  ])('refuses %j', async (more, code, words) => {
    const ended = await run(['run', CHECKPOINT, '--input', input, '--out', out(), ...more]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(words);
  });

  it('refuses a file without inputs, and gradients without labels', async () => {
    const without = join(GOLDEN, 'peft/gpt2/adapter_model.safetensors');
    const none = await run(['run', CHECKPOINT, '--input', without, '--out', out()]);
    expect(none.stderr).toContain('one of input_ids, pixel_values, sample, latents and inputs expected');
    const unlabeled = join(GOLDEN, 'peft/gpt2/logits.safetensors');
    const args = [
      'run',
      CHECKPOINT,
      '--input',
      unlabeled,
      '--out',
      out(),
      '--grad',
      'transformer.wte.weight',
    ];
    expect((await run(args)).stderr).toContain('--grad needs labels');
  });
});

describe('palimpsest generate', () => {
  let model: string;
  beforeAll(async () => {
    // The tokenizer has more tokens than the model, so texts keep to its first ones.
    model = join(folder, 'model');
    await cp(CHECKPOINT, model, { recursive: true });
    await cp(join(GOLDEN, 'tokenizers/byteLevel'), model, { recursive: true });
  });

  it('goes on as the library does', async () => {
    const tokenizer = await loadTokenizer(model);
    const { ids } = tokenizer.encode('/1+');
    expect(Math.max(...ids)).toBeLessThan(48);
    const options = { sample: true, temperature: 0.5, samples: 2, maxNewTokens: 5, seed: 3 };
    const expected = await generate(await loadModel(model), [ids], { ...options, tokenizer });
    const flags = [
      '--sample',
      '--temperature',
      '0.5',
      '--samples',
      '2',
      '--max-new-tokens',
      '5',
      '--seed',
      '3',
    ];
    const args = ['generate', model, '--prompt', '/1+', ...flags];
    const { code, stdout, stderr } = await run([...args, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ texts: expected, options });
    const progress = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { total: number });
    expect(progress[0]!.total).toBe(5);
    expect((await run(args)).stdout).toBe(expected.map(({ text }) => `/1+${text}\n`).join(''));
  });

  it('attaches an adapter', async () => {
    const args = ['generate', model, '--prompt', '/1+', '--json'];
    const plain = await run(args);
    const attached = await run([...args, '--adapter', join(GOLDEN, 'peft/gpt2')]);
    expect(attached.code).toBe(0);
    expect(attached.stdout).not.toBe(plain.stdout);
  });

  it.each([
    [['--top-k', '3'], 'topK is of drawing'],
    [['--beams', '0'], 'An integer of at least 1 is expected.'],
    [['--samples', '2'], '2 samples need sample: true'],
  ])('ends with 2 for %j', async (more, words) => {
    const { code, stderr } = await run(['generate', model, '--prompt', '/', ...more]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});
