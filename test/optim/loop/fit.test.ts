import { tensor } from '../../../lib/graph/create';
import { evaluate } from '../../../lib/graph/evaluate';
import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { log } from '../../../lib/ops/elementwise/math';
import { weightAverage } from '../../../lib/optim/average';
import { fit } from '../../../lib/optim/loop/fit';
import { sgd } from '../../../lib/optim/sgd';
import { grad } from '../../../lib/transforms/grad';
import { relativeError } from '../../support/compare';
import { memoryAtRest } from '../../support/garbage';
import { batchesOf, loss, noisyLoss, options, parameters, valuesOf } from './problem';

/** Gradients of parts, added: a few roundings of float32. */
const ROUNDING = 2e-6;

describe('fit', () => {
  it('steps as its parts do', async () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
    let params = parameters();
    let state = optimizer.init(params);
    for (const epoch of [0, 1]) {
      for (const batch of batchesOf(4)(epoch)) {
        ({ params, state } = await evaluate(optimizer.step(params, grad(loss)(params, batch), state)));
      }
    }
    const result = await fit(options({ optimizer, batches: batchesOf(4), epochs: 2 }));
    expect(await valuesOf(result.params)).toEqual(await valuesOf(params));
    expect(result).toMatchObject({ steps: 6, stopped: false, average: undefined, bestScore: undefined });
  });

  it('learns', async () => {
    const at = async (params: ReturnType<typeof parameters>) => {
      for (const batch of batchesOf(10)(0)) return loss(params, batch).item();
      throw new Error('no batch');
    };
    const { params } = await fit(options({ epochs: 100 }));
    expect(await at(params)).toBeLessThan(0.5 * (await at(parameters())));
  });

  it('gathers gradients of batches of different sizes into one step of all', async () => {
    const optimizer = sgd({ learningRate: 0.1 });
    const whole = await fit(options({ optimizer, batches: batchesOf(10), epochs: 2 }));
    const parts = await fit(options({ optimizer, batches: batchesOf(3), accumulate: 4, epochs: 2 }));
    expect(parts.steps).toBe(2);
    const [a, b] = [await valuesOf(whole.params), await valuesOf(parts.params)];
    expect(relativeError(b.flat(), a.flat())).toBeLessThan(ROUNDING);
    // Counting every batch alike, though the last has one example, is wrong by far more.
    const alike = await fit(
      options({ optimizer, batches: batchesOf(3), accumulate: 4, epochs: 2, sizeOf: () => 1 }),
    );
    expect(relativeError((await valuesOf(alike.params)).flat(), a.flat())).toBeGreaterThan(100 * ROUNDING);
  });

  it('ends an epoch with what was gathered', async () => {
    const { steps } = await fit(options({ batches: batchesOf(3), accumulate: 3, epochs: 2 }));
    expect(steps).toBe(4);
  });

  it('gives every batch a key of its own, and the same one again', async () => {
    const noisy = async (seed: number) =>
      valuesOf((await fit(options({ loss: noisyLoss, seed, epochs: 1 }))).params);
    expect(await noisy(1)).toEqual(await noisy(1));
    expect(await noisy(1)).not.toEqual(await noisy(2));
  });

  it('keeps an average that lies behind', async () => {
    const { params, average } = await fit(options({ average: weightAverage({ decay: 0.5 }) }));
    expect(await valuesOf(average!)).not.toEqual(await valuesOf(params));
    const all = await fit(options({ average: weightAverage({ decay: 0, warmup: false }) }));
    expect(
      relativeError((await valuesOf(all.average!)).flat(), (await valuesOf(all.params)).flat()),
    ).toBeLessThan(ROUNDING);
  });

  it('stops when scores get no lower', async () => {
    const scores = [5, 4, 4.5, 4.2, 3];
    const seen: number[] = [];
    const result = await fit(
      options({
        epochs: 10,
        evaluation: {
          everySteps: 2,
          patience: 2,
          score: ({ step }) => {
            seen.push(step);
            return Promise.resolve(scores[seen.length - 1]!);
          },
        },
      }),
    );
    expect(seen).toEqual([2, 4, 6, 8]);
    expect(result).toMatchObject({ steps: 8, stopped: true, bestScore: 4 });
  });

  it('counts a change that is too small as none', async () => {
    const { steps } = await fit(
      options({
        epochs: 10,
        evaluation: {
          everySteps: 1,
          patience: 1,
          minimumChange: 0.5,
          score: ({ step }) => Promise.resolve(-step / 10),
        },
      }),
    );
    expect(steps).toBe(2);
  });

  it('reports every step, or every epoch where their number is not known', async () => {
    const progress: unknown[] = [];
    const onProgress = (p: unknown): void => void progress.push(p);
    await fit(options({ epochs: 2 }), { onProgress });
    expect(progress).toEqual([1, 2].map((done) => ({ done, total: 2, phase: 'training' })));
    progress.length = 0;
    await fit(options({ epochs: 1, totalSteps: 4 }), { onProgress });
    expect(progress).toHaveLength(4);
    expect(progress.at(-1)).toEqual({ done: 4, total: 4, phase: 'training' });
  });

  it('leaves the parameters as they were, and nothing behind', async () => {
    const params = parameters();
    const before = await valuesOf(params);
    const rest = await memoryAtRest();
    const result = await fit(options({ params, average: weightAverage() }));
    result.params.dispose();
    result.average!.dispose();
    expect(await valuesOf(params)).toEqual(before);
    expect((await memoryAtRest()).liveBytes).toBeLessThanOrEqual(rest.liveBytes);
  });

  it.each([
    ['epochs', { epochs: -1 }, 'fit: epochs must be an integer from 0, got -1'],
    ['accumulate', { accumulate: 0 }, 'fit: accumulate must be an integer from 1, got 0'],
    ['an unknown name', { epoch: 1 }, "did you mean 'epochs'?"],
    ['no batches', { batches: () => [] }, 'fit: epoch 0 has no batches'],
  ])('refuses %s', async (_name, changes, message) => {
    await expect(fit(options(changes as object))).rejects.toThrow(message);
  });
});

describe('a loss that is not finite', () => {
  it('ends the run by name, with the parameters as they were and nothing left behind', async () => {
    const params = parameters();
    const before = await valuesOf(params);
    const rest = await memoryAtRest();
    const failing = fit(
      options({ params, loss: (theta, batch) => mul(loss(theta, batch), log(tensor(-1))), epochs: 1 }),
    );
    await expect(failing).rejects.toMatchObject({
      name: 'NotFiniteError',
      code: 'ERR_NOT_FINITE',
      message: expect.stringContaining('fit: the loss of step 1 (epoch 0) is NaN') as string,
    });
    expect(await valuesOf(params)).toEqual(before);
    expect((await memoryAtRest()).liveBytes).toBeLessThanOrEqual(rest.liveBytes);
  });

  it('is found when the steps diverge', async () => {
    const optimizer = sgd({ learningRate: 1e30 });
    await expect(fit(options({ optimizer, epochs: 5 }))).rejects.toThrow(/loss of step [2-9]/);
  });

  it('is found in the parameters when no loss comes after', async () => {
    // The square of the gradient overflows: the loss before was finite, and there is no other.
    const optimizer = sgd({ learningRate: 3e38 });
    const steep = fit(
      options({
        optimizer,
        batches: batchesOf(10),
        epochs: 1,
        loss: (theta, batch) => mul(loss(theta, batch), 1e6),
      }),
    );
    await expect(steep).rejects.toThrow('fit: after step 1 a parameter is NaN or infinite');
  });
});

test('an abort leaves nothing behind', async () => {
  const params = parameters();
  await valuesOf(params);
  const rest = await memoryAtRest();
  const controller = new AbortController();
  const onProgress = (): void => controller.abort();
  const running = fit(options({ params, epochs: 1000 }), { signal: controller.signal, onProgress });
  await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  expect((await memoryAtRest()).liveBytes).toBeLessThanOrEqual(rest.liveBytes);
});
