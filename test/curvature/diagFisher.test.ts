import { diagFisher, type FisherOptions } from '../../lib/curvature/diagFisher';
import { LabeledSet } from '../../lib/data/labeledSet';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { mlp } from '../../lib/models/mlp';
import type { Model } from '../../lib/models/model';
import { softmaxRows } from '../../lib/metrics';
import { linear } from '../../lib/ops/products/matmul';
import { expectClose } from '../support/compare';

/** float32 gradients, squared and summed in float64. */
const TOLERANCE = 1e-5;
const EXAMPLES = 37;
const FEATURES = 5;
const CLASSES = 3;

/** Deterministic numbers in [-1, 1). */
const wave = (i: number, frequency: number): number => Math.sin(i * frequency + frequency);

const data = LabeledSet.of({
  features: Float32Array.from({ length: EXAMPLES * FEATURES }, (_, i) => wave(i, 1.7)),
  labels: Int32Array.from({ length: EXAMPLES }, (_, n) => (n * 7) % CLASSES),
  exampleShape: [FEATURES],
});

const weight = Float32Array.from({ length: CLASSES * FEATURES }, (_, i) => wave(i, 0.9));
const bias = Float32Array.from({ length: CLASSES }, (_, i) => wave(i, 2.3));

/** One linear layer. */
const model: Model = {
  config: { model_type: 'linear' },
  parameters: new Parameters([
    ['weight', tensor(weight, { shape: [CLASSES, FEATURES] })],
    ['bias', tensor(bias)],
  ]),
  forward: (p, x) => linear(x, p.get('weight'), p.get('bias')),
};

const row = (n: number): number[] => [...data.features.subarray(n * FEATURES, (n + 1) * FEATURES)];
const logitsOf = (n: number): number[] =>
  Array.from(bias, (b, c) => row(n).reduce((total, x, i) => total + x * weight[c * FEATURES + i]!, b));
/** d loss / d logits for a label. */
const delta = (n: number, label: number): number[] =>
  [...softmaxRows(logitsOf(n), CLASSES)].map((p, c) => p - (c === label ? 1 : 0));

async function expectImportance(
  options: FisherOptions,
  expectedWeight: number[],
  expectedBias: number[],
): Promise<void> {
  const importance = await diagFisher(model, data, options);
  expectClose(await importance.get('weight').data(), expectedWeight, TOLERANCE, 'weight');
  expectClose(await importance.get('bias').data(), expectedBias, TOLERANCE, 'bias');
}

const average = (count: number, term: (n: number) => number): number =>
  Array.from({ length: count }, (_, n) => term(n)).reduce((a, b) => a + b, 0) / count;

describe('the per-example Fisher of one linear layer', () => {
  const deltas = Array.from({ length: EXAMPLES }, (_, n) => delta(n, data.labels[n]!));
  const byHand = Array.from(weight, (_, i) => {
    const [c, f] = [Math.floor(i / FEATURES), i % FEATURES];
    return average(EXAMPLES, (n) => deltas[n]![c]! ** 2 * row(n)[f]! ** 2);
  });
  const byHandBias = Array.from(bias, (_, c) => average(EXAMPLES, (n) => deltas[n]![c]! ** 2));

  test('is the mean of delta^2 a^2', () => expectImportance({}, byHand, byHandBias));
  test('does not depend on the batch size', () => expectImportance({ batchSize: 5 }, byHand, byHandBias));
  test('is the batch mode with batches of one', () =>
    expectImportance({ mode: 'batch', batchSize: 1 }, byHand, byHandBias));
});

test('batch mode squares the mean gradient of every batch', async () => {
  const size = 10;
  const batches = Math.ceil(EXAMPLES / size);
  const meanGradient = (b: number, c: number, f: number | undefined): number => {
    const [from, to] = [b * size, Math.min(EXAMPLES, (b + 1) * size)];
    return average(to - from, (i) => {
      const n = from + i;
      return delta(n, data.labels[n]!)[c]! * (f === undefined ? 1 : row(n)[f]!);
    });
  };
  await expectImportance(
    { mode: 'batch', batchSize: size },
    Array.from(weight, (_, i) =>
      average(batches, (b) => meanGradient(b, Math.floor(i / FEATURES), i % FEATURES) ** 2),
    ),
    Array.from(bias, (_, c) => average(batches, (b) => meanGradient(b, c, undefined) ** 2)),
  );
});

test('without labels it is the mean of |d ||f||^2|', async () => {
  await expectImportance(
    { labels: 'none' },
    Array.from(weight, (_, i) =>
      average(EXAMPLES, (n) => Math.abs(2 * logitsOf(n)[Math.floor(i / FEATURES)]! * row(n)[i % FEATURES]!)),
    ),
    Array.from(bias, (_, c) => average(EXAMPLES, (n) => Math.abs(2 * logitsOf(n)[c]!))),
  );
});

test('with sampled labels it is the true Fisher in the mean', async () => {
  // 400 draws of 37 examples; the standard error of each entry is below a tenth of it.
  const DRAWS = 400;
  const TENTH = 0.1;
  let total = new Float64Array(CLASSES);
  for (let seed = 0; seed < DRAWS; seed++) {
    const importance = await diagFisher(model, data, { labels: 'sampled', seed });
    const draw = await importance.get('bias').data();
    total = total.map((sum, c) => sum + draw[c]! / DRAWS);
  }
  const expected = Array.from(bias, (_, c) =>
    average(EXAMPLES, (n) => {
      const p = softmaxRows(logitsOf(n), CLASSES)[c]!;
      return p * (1 - p);
    }),
  );
  expectClose(total, expected, TENTH, 'bias');
});

test('is the same for one seed and differs for another', async () => {
  const run = async (seed: number): Promise<unknown> =>
    (await diagFisher(model, data, { labels: 'sampled', seed })).get('weight').data();
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
});

test('refuses to give an importance that is not finite', async () => {
  const broken = LabeledSet.of({
    features: Float32Array.of(1, 2, Number.NaN, 4, 5),
    labels: [1],
    exampleShape: [FEATURES],
  });
  await expect(diagFisher(model, broken)).rejects.toThrow('the importance is not finite');
});

test('is abortable and leaves the parameters alone', async () => {
  const network = mlp({ inputs: FEATURES, hidden: [8], classes: CLASSES });
  const controller = new AbortController();
  const running = diagFisher(
    network,
    data,
    { batchSize: 1 },
    {
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 3) controller.abort();
      },
    },
  );
  await expect(running).rejects.toThrow(expect.objectContaining({ code: 'ERR_ABORTED' }) as Error);
  expect(network.parameters.get('fc1.weight').disposed).toBe(false);
});

test.each([
  [{ mode: 'examples' as 'example' }, 'mode must be example or batch'],
  [{ batchSize: 0 }, 'batchSize must be a positive integer, got 0'],
  [{ batchsize: 3 }, "did you mean 'batchSize'?"],
])('refuses %j', async (options, message) => {
  await expect(diagFisher(model, data, options as FisherOptions)).rejects.toThrow(message);
});
