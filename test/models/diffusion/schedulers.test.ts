import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import '../../../lib/graph/evaluate';
import { tensor } from '../../../lib/graph/create';
import type { Tensor } from '../../../lib/graph/tensor';
import { loadScheduler, schedulerOf } from '../../../lib/models/diffusion/schedulers/load';
import { addNoise, velocity } from '../../../lib/models/diffusion/schedulers/noiseSchedule';
import type { SamplerOptions, SamplerState } from '../../../lib/models/diffusion/schedulers/scheduler';
import type { JsonObject } from '../../../lib/models/json';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { cos } from '../../../lib/ops/elementwise/math';
import { DIFFUSION, STABLE } from './support';

interface Case {
  readonly config: JsonObject;
  readonly steps: number;
  readonly options: SamplerOptions;
  readonly start: readonly number[];
  readonly timesteps: readonly number[];
  readonly samples: readonly (readonly number[])[];
}

const CASES = JSON.parse(readFileSync(join(DIFFUSION, 'schedulers.json'), 'utf8')) as Case[];
const doubles = (numbers: readonly number[]): Tensor => tensor(Float64Array.from(numbers));
/** The reference is float64, written with 9 digits; steps divide by numbers down to 0.006. */
const DIGITS = 6;

test.each(CASES.map((one, i) => [`${i} ${one.config['_class_name'] as string}`, one] as const))(
  'the steps of %s are those of the reference',
  async (_name, { config, steps, options, start, timesteps, samples }) => {
    const sampler = schedulerOf(config).sampler(steps, options);
    expect(sampler.timesteps).toEqual(timesteps);
    // A scheduler that starts with more than 1 has a sample of that size.
    let state: SamplerState = { sample: doubles(start), outputs: [] };
    for (const [i, t] of sampler.timesteps.entries()) {
      const output = cos(add(mul(sampler.input(state.sample, i), 2), t / 300));
      const noise = doubles(start.map((_, j) => Math.sin((i + 1) * (j + 1))));
      state = sampler.step(i, state, output, sampler.isRandom ? noise : undefined);
      const values = await state.sample.data();
      for (const [j, expected] of samples[i]!.entries()) {
        const size = Math.max(1, Math.abs(expected));
        expect(Number(values[j]) / size).toBeCloseTo(expected / size, DIGITS);
      }
    }
  },
);

test('a folder says which one it is', async () => {
  const scheduler = await loadScheduler(join(STABLE, 'scheduler'));
  expect(scheduler.kind).toBe('PNDMScheduler');
  // Published for Stable Diffusion 1: the noisiest a is 0.0047, its sigma 14.6.
  const { alphasCumprod } = scheduler.schedule;
  expect(alphasCumprod[0]).toBeCloseTo(1 - 0.00085, 12);
  expect(Math.sqrt((1 - alphasCumprod[999]!) / alphasCumprod[999]!)).toBeCloseTo(14.6146, 3);
  const { timesteps } = scheduler.sampler(50);
  expect([timesteps.length, ...timesteps.slice(0, 4), timesteps.at(-1)]).toEqual([51, 981, 961, 961, 941, 1]);
});

test('noise and velocity are the two ends of one rotation', async () => {
  const { schedule } = schedulerOf({ _class_name: 'DDPMScheduler' });
  const [x, noise, t] = [doubles([1, 2]), doubles([-1, 0.5]), tensor(Int32Array.of(0, 999))];
  const [noisy, v] = [
    await addNoise(schedule, x, noise, t).data(),
    await velocity(schedule, x, noise, t).data(),
  ];
  for (const [i, at] of [0, 999].entries()) {
    const a = schedule.alphasCumprod[at]!;
    const [clean, other] = [[1, 2][i]!, [-1, 0.5][i]!];
    expect(noisy[i]).toBeCloseTo(Math.sqrt(a) * clean + Math.sqrt(1 - a) * other, 6);
    expect(v[i]).toBeCloseTo(Math.sqrt(a) * other - Math.sqrt(1 - a) * clean, 6);
    // x and noise come back from the two.
    expect(Math.sqrt(a) * noisy[i]! - Math.sqrt(1 - a) * v[i]!).toBeCloseTo(clean, 6);
  }
});

test.each([
  [{ _class_name: 'DDIMSchedular' }, /'DDIMSchedular' is not supported; did you mean 'DDIMScheduler'\?/],
  [{ _class_name: 'PNDMScheduler' }, /field 'skip_prk_steps': Runge-Kutta steps are not supported/],
  [
    { _class_name: 'DDPMScheduler', beta_schedule: 'cosine' },
    /field 'beta_schedule': 'cosine' is not supported/,
  ],
  [
    { _class_name: 'DDPMScheduler', variance_type: 'learned' },
    /field 'variance_type': "learned" is not supported/,
  ],
  [{ _class_name: 'DDIMScheduler', thresholding: true }, /field 'thresholding': true is not supported/],
  [{ _class_name: 'DDIMScheduler', betas_start: 1 }, /field 'betas_start' is not supported .* 'beta_start'/],
])('%j is refused', (config, message) => {
  expect(() => schedulerOf(config)).toThrow(message);
});

test('steps that do not fit are refused', () => {
  const scheduler = schedulerOf({ _class_name: 'DDIMScheduler', steps_offset: 1 });
  expect(() => scheduler.sampler(0)).toThrow('scheduler: steps from 1 to 1000 expected, got 0');
  expect(() => scheduler.sampler(1000)).toThrow('1000 steps with an offset of 1 lead to step 1000 of 1000');
  expect(() => scheduler.sampler(5, { eta: 2 })).toThrow('eta from 0 to 1 expected, got 2');
});
