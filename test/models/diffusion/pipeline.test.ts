import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../../lib/graph/create';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { readSafetensors } from '../../../lib/io/safetensors';
import { loadPipeline } from '../../../lib/models/diffusion/pipeline';
import type { SampleOptions } from '../../../lib/models/diffusion/sample';
import { schedulerOf } from '../../../lib/models/diffusion/schedulers/load';
import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { concat } from '../../../lib/ops/shape/concat';
import { slice } from '../../../lib/ops/shape/slice';
import { key } from '../../../lib/random';
import { temporaryFolder } from '../../io/temporaryFolder';
import { relativeError } from '../checkpoints';
import { DIFFUSION, STABLE, TOLERANCE } from './support';

const root = temporaryFolder();

interface Golden extends Pick<SampleOptions, 'textStates' | 'key' | 'steps' | 'guidance'> {
  readonly unguidedStates: Tensor;
  readonly latents: Tensor;
}

const file = (): ReturnType<typeof readSafetensors> =>
  readSafetensors(join(DIFFUSION, 'pipeline.safetensors'));
const options = async (): Promise<Golden> => {
  const golden = await file();
  return {
    textStates: golden.tensor('text'),
    unguidedStates: golden.tensor('empty'),
    latents: golden.tensor('start'),
    key: key(3),
    steps: 5,
    guidance: 3,
  };
};

test('samples and decodes as the reference does', async () => {
  const golden = await file();
  const pipeline = await loadPipeline(STABLE);
  const given = await options();
  const latents = await pipeline.sample(given);
  expect(await relativeError(latents, golden.tensor('latents'))).toBeLessThan(TOLERANCE);
  expect(await relativeError(pipeline.decode(latents), golden.tensor('image'))).toBeLessThan(TOLERANCE);
  // What was given is still there.
  expect((await given.latents.data()).length).toBe(256);
});

test('the same key gives the same bits, another one another sample', async () => {
  const pipeline = await loadPipeline(STABLE);
  const { latents: _given, ...rest } = await options();
  const ddpm = pipeline.with({ scheduler: schedulerOf({ _class_name: 'DDPMScheduler', clip_sample: true }) });
  for (const one of [pipeline, ddpm]) {
    const first = await (await one.sample(rest)).data();
    expect(first.length).toBe(4 * 8 * 8);
    expect(await (await one.sample(rest)).data()).toEqual(first);
    expect(await (await one.sample({ ...rest, key: key(4) })).data()).not.toEqual(first);
  }
});

test('guidance of 1 is the text alone, and examples do not see each other', async () => {
  const pipeline = await loadPipeline(STABLE);
  const { latents, textStates, unguidedStates, key: own } = await options();
  const alone = await pipeline.sample({ textStates, latents, key: own, steps: 3, guidance: 1 });
  const none = await pipeline.sample({
    textStates: unguidedStates,
    latents,
    key: own,
    steps: 3,
    guidance: 1,
  });
  const both = await pipeline.sample({
    ...{ textStates: concat([unguidedStates, textStates], { axis: 0 }), key: own, steps: 3, guidance: 1 },
    latents: concat([latents, latents], { axis: 0 }),
  });
  expect(await relativeError(slice(both, { starts: [0], stops: [1] }), none)).toBeLessThan(TOLERANCE);
  expect(await relativeError(slice(both, { starts: [1], stops: [2] }), alone)).toBeLessThan(TOLERANCE);
  expect(await relativeError(none, alone)).toBeGreaterThan(10 * TOLERANCE);
});

test('values of the U-Net are replaced at every step', async () => {
  const pipeline = await loadPipeline(STABLE);
  const given = await options();
  const name = 'mid_block.attentions.0.transformer_blocks.0.attn2.to_v';
  const patched = await pipeline.sample({ ...given, patch: { [name]: (value) => mul(value, 0) } });
  const { unet } = pipeline;
  const weight = `${name}.weight`;
  const zeroed = new Parameters([[weight, mul(unet.parameters.get(weight), 0)]]);
  const edited = pipeline.with({ unet: unet.withParameters(unet.parameters.with(zeroed)) });
  expect(await relativeError(patched, await edited.sample(given))).toBeLessThan(TOLERANCE);
  expect(await relativeError(patched, await pipeline.sample(given))).toBeGreaterThan(10 * TOLERANCE);
});

test('reports progress, and stops when it is told to', async () => {
  const pipeline = await loadPipeline(STABLE);
  const given = await options();
  const seen: number[] = [];
  await pipeline.sample({ ...given, onProgress: ({ done, total }) => seen.push(done / total) });
  expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((done) => done / 6));
  const stop = new AbortController();
  const aborted = pipeline.sample({
    ...given,
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done === 2) stop.abort();
    },
  });
  await expect(aborted).rejects.toMatchObject({ code: 'ERR_ABORTED' });
});

test('images come back from their latents scaled', async () => {
  const pipeline = await loadPipeline(STABLE);
  const { parameters } = pipeline.vae;
  const images = tensor(
    Float32Array.from({ length: 3 * 256 }, (_, i) => (i % 7) / 7),
    { shape: [1, 3, 16, 16] },
  );
  const latents = pipeline.encode(images);
  expect(latents.shape).toEqual([1, 4, 8, 8]);
  const pixelValues = tensor(
    Float32Array.from({ length: 3 * 256 }, (_, i) => (2 * (i % 7)) / 7 - 1),
    { shape: [1, 3, 16, 16] },
  );
  const { posterior } = pipeline.vae.outputs(parameters, { pixelValues });
  expect(await relativeError(latents, mul(posterior!.mean, 0.18215))).toBeLessThan(TOLERANCE);
  const drawn = pipeline.encode(images, key(1));
  expect(await drawn.data()).toEqual(await pipeline.encode(images, key(1)).data());
  expect(await relativeError(drawn, latents)).toBeGreaterThan(10 * TOLERANCE);
});

test('is saved with its changes and everything else', async () => {
  const pipeline = await loadPipeline(STABLE);
  const { unet } = pipeline;
  const name = 'conv_out.bias';
  const changed = unet.withParameters(
    unet.parameters.with(new Parameters([[name, mul(unet.parameters.get(name), 2)]])),
  );
  const folder = join(root, 'saved');
  await pipeline.with({ unet: changed }).save(folder);
  expect(readdirSync(folder).sort()).toEqual(readdirSync(STABLE).sort());
  const same = (...parts: string[]): boolean =>
    readFileSync(join(folder, ...parts)).equals(readFileSync(join(STABLE, ...parts)));
  expect(same('model_index.json')).toBe(true);
  expect(same('scheduler', 'scheduler_config.json')).toBe(true);
  expect(same('text_encoder', 'model.safetensors')).toBe(true);
  expect(same('vae', 'diffusion_pytorch_model.safetensors')).toBe(true);
  expect(same('unet', 'config.json')).toBe(true);
  expect(same('unet', 'diffusion_pytorch_model.safetensors')).toBe(false);
  const again = await loadPipeline(folder);
  const given = await options();
  expect(await (await again.sample(given)).data()).toEqual(
    await (await pipeline.with({ unet: changed }).sample(given)).data(),
  );
  await expect(pipeline.save(STABLE)).rejects.toThrow('another folder');
});

test('options that do not fit are named', async () => {
  const pipeline = await loadPipeline(STABLE);
  const { unguidedStates, ...rest } = await options();
  await expect(pipeline.sample(rest)).rejects.toThrow('guidance of 3 needs unguidedStates');
  await expect(
    pipeline.sample({ ...rest, unguidedStates: slice(unguidedStates, { stops: [1, 2] }) }),
  ).rejects.toThrow('unguidedStates [1, 5, 12] expected, got [1, 2, 12]');
  await expect(loadPipeline(join(STABLE, 'unet'))).rejects.toMatchObject({ code: 'ERR_IO' });
});

test('the text encoder says what CLIP says in transformers', async () => {
  const pipeline = await loadPipeline(STABLE);
  const encoder = await pipeline.textEncoder();
  const golden = await readSafetensors(join(STABLE, 'text_encoder', 'golden.safetensors'));
  const { hidden } = encoder.outputs(encoder.parameters, { inputIds: golden.tensor('input_ids') });
  expect(await relativeError(hidden, golden.tensor('states'))).toBeLessThan(TOLERANCE);
});
