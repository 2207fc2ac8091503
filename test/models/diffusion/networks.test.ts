import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { readSafetensors } from '../../../lib/io/safetensors';
import { writeSafetensors } from '../../../lib/io/writeSafetensors';
import { loadModel } from '../../../lib/models/folder';
import { run } from '../../../lib/models/hooks/run';
import type { DenoisingInputs } from '../../../lib/models/inputs';
import { add, mul, square, sub } from '../../../lib/ops/elementwise/arithmetic';
import { mean } from '../../../lib/ops/reduce/reduce';
import { grad } from '../../../lib/transforms/grad';
import { temporaryFolder } from '../../io/temporaryFolder';
import { relativeError } from '../checkpoints';
import { DIFFUSION, goldenIn, STABLE, TOLERANCE } from './support';

const root = temporaryFolder();

const UNETS = [join(STABLE, 'unet'), join(DIFFUSION, 'unet-linear')];
const VAE = join(STABLE, 'vae');

type Golden = Awaited<ReturnType<typeof goldenIn>>;
const gradientNames = ({ entries }: Golden): string[] =>
  entries.filter(({ name }) => name.startsWith('grad:')).map(({ name }) => name.slice('grad:'.length));
const unetInputs = (golden: Golden): DenoisingInputs => ({
  sample: golden.tensor('sample'),
  timestep: golden.tensor('timestep'),
  encoderHiddenStates: golden.tensor('encoder_hidden_states'),
});

async function expectGradients(
  golden: Golden,
  parameters: Parameters,
  output: (theta: Parameters) => Tensor,
  stored: (name: string) => string = (name) => name,
): Promise<void> {
  const slopes = grad((theta: Parameters) => mean(square(sub(output(theta), golden.tensor('target')))))(
    parameters,
  );
  const names = gradientNames(golden);
  expect(names).toHaveLength(3);
  for (const name of names) {
    const error = await relativeError(slopes.get(stored(name)), golden.tensor(`grad:${name}`));
    expect([name, error < TOLERANCE ? 'as expected' : error]).toEqual([name, 'as expected']);
  }
}

describe.each(UNETS)('the U-Net %s', (folder) => {
  it('has the outputs, hook values and gradients of the reference', async () => {
    const golden = await goldenIn(folder);
    const model = await loadModel(folder, { dtype: 'float32' });
    expect(model.architecture).toBe('UNet2DConditionModel');
    const hooked = golden.entries.flatMap(({ name }) => (name.startsWith('hook:') ? [name.slice(5)] : []));
    const { hidden, read } = run(model, unetInputs(golden), { read: hooked });
    expect(await relativeError(hidden, golden.tensor('output'))).toBeLessThan(TOLERANCE);
    expect(hooked).toHaveLength(2);
    for (const name of hooked)
      expect(await relativeError(read[name]!, golden.tensor(`hook:${name}`))).toBeLessThan(TOLERANCE);
    await expectGradients(golden, model.parameters, (theta) => model.forward(theta, unetInputs(golden)));
  });

  it('lists what can be read, in the order in which it comes', async () => {
    const golden = await goldenIn(folder);
    const model = await loadModel(folder, { dtype: 'float32' });
    const seen: string[] = [];
    model.outputs(model.parameters, unetInputs(golden), {
      at: (name, value) => (seen.push(name), value),
      isRead: () => true,
      isPatched: () => false,
      mask: () => undefined,
      headScale: () => undefined,
    });
    expect(seen).toEqual(model.hookPoints);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is the same to the bit where it is only looked at', async () => {
    const golden = await goldenIn(folder);
    const model = await loadModel(folder, { dtype: 'float32' });
    const plain = await model.forward(model.parameters, unetInputs(golden)).data();
    const looked = run(model, unetInputs(golden), { read: model.hookPoints });
    const kept = run(model, unetInputs(golden), {
      patch: Object.fromEntries(
        model.hookPoints.filter((name) => !name.endsWith('pattern')).map((name) => [name, (x) => x]),
      ),
    });
    expect(await looked.hidden.data()).toEqual(plain);
    expect(await kept.hidden.data()).toEqual(plain);
  });

  it('runs in bfloat16', async () => {
    const golden = await goldenIn(folder);
    const model = await loadModel(folder, { dtype: 'bfloat16' });
    const output = model.forward(model.parameters, unetInputs(golden));
    expect(await relativeError(output, golden.tensor('output'))).toBeLessThan(0.1);
  });
});

test('keys and values of the text can be replaced, and what hangs on them changes', async () => {
  const golden = await goldenIn(UNETS[0]!);
  const model = await loadModel(UNETS[0]!);
  const plain = await model.forward(model.parameters, unetInputs(golden)).data();
  const attn = 'down_blocks.0.attentions.0.transformer_blocks.0.attn2';
  for (const name of [`${attn}.to_k`, `${attn}.to_v`, `${attn}.pattern`, attn]) {
    const { hidden } = run(model, unetInputs(golden), { patch: { [name]: (x) => mul(x, 0.5) } });
    expect(await relativeError(hidden, golden.tensor('output'))).toBeGreaterThan(10 * TOLERANCE);
  }
  // The same text for all: what the first text patches into the other is what it would have been with it.
  const text = golden.tensor('encoder_hidden_states');
  const other = run(
    model,
    { ...unetInputs(golden), encoderHiddenStates: mul(text, 2) },
    {
      patch: { encoder_hidden_states: () => text },
    },
  );
  expect(await other.hidden.data()).toEqual(plain);
  expect(() => run(model, unetInputs(golden), { read: [`${attn}.to_w`] })).toThrow(
    /did you mean '.*attn2.to_.'/,
  );
});

test('inputs that do not fit are named', async () => {
  const golden = await goldenIn(UNETS[0]!);
  const model = await loadModel(UNETS[0]!);
  const inputs = unetInputs(golden);
  const forward = (changes: Partial<DenoisingInputs>) => (): unknown =>
    model.forward(model.parameters, { ...inputs, ...changes });
  expect(forward({ sample: golden.tensor('encoder_hidden_states') })).toThrow(
    'unet: sample [N, 4, H, W] with H and W multiples of 2 expected, got [2, 5, 12]',
  );
  expect(forward({ encoderHiddenStates: inputs.sample })).toThrow(
    'unet: encoderHiddenStates [2, S, 12] expected, got [2, 4, 8, 8]',
  );
  expect(() => model.forward(model.parameters, inputs.sample)).toThrow(
    'unet: { sample, timestep, encoderHiddenStates } expected',
  );
});

test('one step stands for all examples', async () => {
  const golden = await goldenIn(UNETS[0]!);
  const model = await loadModel(UNETS[0]!);
  const at = (timestep: DenoisingInputs['timestep']): Promise<unknown> =>
    model.forward(model.parameters, { ...unetInputs(golden), timestep }).data();
  const { tensor } = await import('../../../lib/graph/create.js');
  expect(await at(7)).toEqual(await at(tensor(Int32Array.of(7, 7))));
  expect(await at(7)).not.toEqual(await at(8));
});

/** The same weights under the names of before version 0.18. */
async function withOldNames(): Promise<string> {
  const folder = join(root, 'vae-old');
  cpSync(VAE, folder, { recursive: true });
  const path = join(folder, 'diffusion_pytorch_model.safetensors');
  const old = (name: string): string =>
    name
      .replace('attentions.0.to_q', 'attentions.0.query')
      .replace('attentions.0.to_k', 'attentions.0.key')
      .replace('attentions.0.to_v', 'attentions.0.value')
      .replace('attentions.0.to_out.0', 'attentions.0.proj_attn');
  const file = await readSafetensors(join(VAE, 'diffusion_pytorch_model.safetensors'));
  await writeSafetensors(
    path,
    file.entries.map(({ name }) => [old(name), file.tensor(name)] as const),
    { metadata: { format: 'pt' } },
  );
  return folder;
}

describe.each(['new', 'old'])('the autoencoder with %s names', (names) => {
  const folderOf = (): Promise<string> => (names === 'new' ? Promise.resolve(VAE) : withOldNames());

  it('encodes, decodes and has the gradients of the reference', async () => {
    const golden = await goldenIn(VAE);
    const model = await loadModel(await folderOf());
    const { parameters } = model;
    const { posterior, hidden } = model.outputs(parameters, { pixelValues: golden.tensor('pixel_values') });
    const decoded = model.forward(parameters, { latents: golden.tensor('latents') });
    for (const [value, expected] of [
      [posterior!.mean, 'mean'],
      [posterior!.logVariance, 'log_variance'],
      [hidden, 'output'],
      [decoded, 'decoded'],
    ] as const)
      expect([expected, (await relativeError(value, golden.tensor(expected))) < TOLERANCE]).toEqual([
        expected,
        true,
      ]);
    const stored = (name: string): string => (names === 'old' ? name.replace('to_q', 'query') : name);
    await expectGradients(
      golden,
      parameters,
      (theta) => model.forward(theta, golden.tensor('pixel_values')),
      stored,
    );
  });
});

test.each([...UNETS, VAE])('%s is saved byte for byte, and changed where it was edited', async (folder) => {
  const model = await loadModel(folder);
  const same = join(root, 'same');
  await model.save(same);
  for (const file of ['config.json', 'diffusion_pytorch_model.safetensors'])
    expect(readFileSync(join(same, file)).equals(readFileSync(join(folder, file)))).toBe(true);
  const [name, weight] = [...model.parameters][0]!;
  const edited = model.withParameters(model.parameters.with(new Parameters([[name, add(weight, 1)]])));
  const shards = join(root, 'shards');
  await edited.save(shards, { maxShardBytes: 20_000 });
  const again = await loadModel(shards);
  expect(again.parameters.names).toEqual(model.parameters.names);
  const change = await sub(again.parameters.get(name), weight).data();
  for (const one of change) expect(one).toBeCloseTo(1, 2);
});
