import { readFile, writeFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { sum } from '../../../lib/ops/reduce/sum';
import { adam } from '../../../lib/optim/adam';
import { weightAverage } from '../../../lib/optim/average';
import { fit, type FitOptions } from '../../../lib/optim/loop/fit';
import { cosineDecay } from '../../../lib/optim/schedules';
import { sgd } from '../../../lib/optim/sgd';
import type { Parameters } from '../../../lib/graph/parameters';
import { temporaryFolder } from '../../io/temporaryFolder';
import { batchesOf, noisyLoss, options, valuesOf, type Examples } from './problem';

const folder = temporaryFolder();
let count = 0;
const freshFolder = (): string => join(folder, `run ${count++}`);

/** Everything that has to be remembered: moments, a schedule, keys, an average, scores, the place in the data. */
const demanding = (
  changes: Partial<FitOptions<Parameters, Examples>> = {},
): FitOptions<Parameters, Examples> =>
  options({
    loss: noisyLoss,
    seed: 7,
    optimizer: adam({ learningRate: cosineDecay({ from: 0.1, steps: 12 }), amsgrad: true }),
    average: weightAverage({ decay: 0.8 }),
    epochs: 3,
    ...changes,
  });

/** Runs until `steps` steps are done and saved, then is interrupted as by Ctrl-C. */
async function interruptedAfter(steps: number, of: FitOptions<Parameters, Examples>): Promise<void> {
  const controller = new AbortController();
  const test = ({ step }: { readonly step: number }): Promise<boolean> => {
    if (step === steps + 1) controller.abort();
    return Promise.resolve(false);
  };
  const running = fit({ ...of, stopWhen: { everySteps: 1, test } }, { signal: controller.signal });
  await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
}

const bits = async ({ params, average }: { params: Parameters; average: Parameters | undefined }) => [
  await valuesOf(params),
  average && (await valuesOf(average)),
];

describe('a run that was interrupted', () => {
  // 4 batches per epoch: within the first epoch, at the end of one, and in the last.
  it.each([1, 4, 6, 11])('after step %i ends with the very bits of one that was not', async (steps) => {
    const whole = await bits(await fit(demanding()));
    const checkpoint = { folder: freshFolder(), everySteps: 1 };
    await interruptedAfter(steps, demanding({ checkpoint }));
    const resumed = await fit(demanding({ checkpoint }));
    expect(resumed.steps).toBe(12);
    expect(await bits(resumed)).toEqual(whole);
  });

  it('goes on from the last checkpoint, not from where it was', async () => {
    const whole = await bits(await fit(demanding()));
    const checkpoint = { folder: freshFolder(), everySteps: 3 };
    await interruptedAfter(5, demanding({ checkpoint }));
    expect(JSON.parse(await readFile(join(checkpoint.folder, 'position.json'), 'utf8'))).toMatchObject({
      step: 3,
      epoch: 0,
      batch: 3,
    });
    expect(await bits(await fit(demanding({ checkpoint })))).toEqual(whole);
  });

  it('while gathering gradients', async () => {
    const gathering = (changes = {}) => demanding({ batches: batchesOf(1), accumulate: 3, ...changes });
    const whole = await bits(await fit(gathering()));
    const checkpoint = { folder: freshFolder(), everySteps: 1 };
    await interruptedAfter(5, gathering({ checkpoint }));
    expect(await bits(await fit(gathering({ checkpoint })))).toEqual(whole);
  });

  it('would end elsewhere without its moments or its place in the data', async () => {
    const whole = await bits(await fit(demanding()));
    const checkpoint = { folder: freshFolder(), everySteps: 1 };
    await interruptedAfter(6, demanding({ checkpoint }));
    const path = join(checkpoint.folder, 'position.json');
    const position = JSON.parse(await readFile(path, 'utf8')) as { batch: number };
    await writeFile(path, JSON.stringify({ ...position, batch: position.batch - 1 }));
    expect(await bits(await fit(demanding({ checkpoint })))).not.toEqual(whole);
  });
});

test('parameters that are not finite are never saved', async () => {
  const folder = freshFolder();
  // Steps of 7.5e37: the fifth leaves float32, and the losses up to it are finite.
  const steep = options({
    loss: (theta) => sum(mul(theta.get('out'), 0.25)),
    optimizer: sgd({ learningRate: 3e38 }),
    epochs: 2,
  });
  const running = fit({ ...steep, checkpoint: { folder, everySteps: 1 } });
  await expect(running).rejects.toThrow('fit: after step 5 a parameter is NaN or infinite');
  expect(JSON.parse(await readFile(join(folder, 'position.json'), 'utf8'))).toMatchObject({ step: 4 });
});

describe('a run that is over', () => {
  it('is there at once when it is asked for again', async () => {
    const checkpoint = { folder: freshFolder(), everySteps: 5 };
    const first = await fit(demanding({ checkpoint }));
    let calls = 0;
    const batches = function* (epoch: number) {
      calls += 1;
      yield* batchesOf(3)(epoch);
    };
    const again = await fit(demanding({ checkpoint, batches }));
    expect(calls).toBe(0);
    expect(await bits(again)).toEqual(await bits(first));
    expect((await readdir(checkpoint.folder)).sort()).toEqual(['position.json', 'state.safetensors']);
  });

  it('stays over when it was stopped early', async () => {
    const stopped = (folder: string) =>
      demanding({
        checkpoint: { folder, everySteps: 1 },
        evaluation: { everySteps: 1, patience: 2, score: () => Promise.resolve(1) },
      });
    const path = freshFolder();
    const first = await fit(stopped(path));
    expect(first).toMatchObject({ steps: 3, stopped: true, bestScore: 1 });
    expect(await fit(stopped(path))).toMatchObject({ steps: 3, stopped: true, bestScore: 1 });
  });
});

describe('a checkpoint of something else', () => {
  it.each<readonly [string, Partial<FitOptions<Parameters, Examples>>, string]>([
    ['another seed', { seed: 8 }, 'saved with seed 7, now it is 8'],
    ['another accumulation', { accumulate: 2 }, 'saved with accumulate 1, now it is 2'],
    ['another optimiser', { optimizer: sgd() }, 'tensors expected for this optimiser'],
  ])('(%s) is refused', async (_name, changes, message) => {
    const checkpoint = { folder: freshFolder(), everySteps: 1 };
    await fit(demanding({ checkpoint, epochs: 1 }));
    await expect(fit(demanding({ checkpoint, ...changes }))).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([
    ['{', 'position.json'],
    ['{"format": 1}', "format 'palimpsest training run 1' expected"],
    [
      '{"format":"palimpsest training run 1","seed":7,"accumulate":1,"step":-1}',
      'bestScore must be a number or null, got undefined',
    ],
  ])('(%s) is refused', async (text, message) => {
    const checkpoint = { folder: freshFolder(), everySteps: 1 };
    await fit(demanding({ checkpoint, epochs: 1 }));
    await writeFile(join(checkpoint.folder, 'position.json'), text);
    await expect(fit(demanding({ checkpoint }))).rejects.toThrow(message);
  });
});
