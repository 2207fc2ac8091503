import { LabeledSet } from '../../lib/data/labeledSet';
import type { Model } from '../../lib/models/model';
import { fineTune, gradientAscent, retrain, zeroRow } from '../../lib/unlearn';
import { digits, freshMlp, scorer, trainedMlp } from '../support/digitsMlp';

const SEED = 4;
const DIGIT = 7;
const { train, test: unseen } = digits(SEED);
const parts = train.split(train.indicesWhere((label) => label === DIGIT));
const judged = unseen.split(unseen.indicesWhere((label) => label === DIGIT));

let model: Model;
let score: ReturnType<typeof scorer>;
let keptBefore: number;

beforeAll(async () => {
  model = await trainedMlp(train, SEED);
  score = scorer(model);
  keptBefore = await score(model.parameters, judged.rest);
});

const bits = async (of: Model): Promise<unknown[]> =>
  Promise.all([...of.parameters].map(async ([, tensor]) => Array.from(await tensor.data())));

test('zeroing the output row forgets the class alone, and changes nothing else', async () => {
  const { parameters, options } = await zeroRow(model, {}, { classIndex: DIGIT });
  expect(await score(parameters, judged.chosen)).toBe(0);
  expect(await score(parameters, judged.rest)).toBeGreaterThanOrEqual(keptBefore);
  expect(options).toEqual({ classIndex: DIGIT, weight: 'fc2.weight', bias: 'fc2.bias' });
  expect(parameters.get('fc1.weight')).toBe(model.parameters.get('fc1.weight'));
  const [before, after] = [
    await model.parameters.get('fc2.bias').data(),
    await parameters.get('fc2.bias').data(),
  ];
  before.forEach((value, i) => expect(after[i]).toBe(i === DIGIT ? -1e4 : value));
});

test.each([-1, 10, 1.5])('zeroRow refuses the class %d', async (classIndex) => {
  await expect(zeroRow(model, {}, { classIndex })).rejects.toThrow(
    /classIndex must be (at least 0|an integer)/,
  );
});

test('gradient ascent raises the loss of the forget set; descent, the broken variant, does not', async () => {
  const options = { epochs: 1, learningRate: 0.05, batchSize: 32 };
  const up = await gradientAscent(model, { forget: parts.chosen }, options);
  expect(await score(up.parameters, judged.chosen)).toBeLessThanOrEqual(0.5);
  const down = await fineTune(model, { retain: parts.chosen }, { epochs: 1, learningRate: 1e-3 });
  expect(await score(down.parameters, judged.chosen)).toBeGreaterThanOrEqual(0.9);
});

test('gradient ascent ends when it is told to', async () => {
  let looks = 0;
  const test = (): Promise<boolean> => Promise.resolve(++looks === 3);
  const ended = await gradientAscent(
    model,
    { forget: parts.chosen },
    { epochs: 5 },
    { stopWhen: { everySteps: 1, test } },
  );
  expect(looks).toBe(3);
  expect(ended.parameters.get('fc1.weight').disposed).toBe(false);
});

test('fine-tuning on the rest keeps the rest', async () => {
  const { parameters } = await fineTune(model, { retain: parts.rest }, { epochs: 2 });
  expect(await score(parameters, judged.rest)).toBeGreaterThanOrEqual(keptBefore - 0.02);
  expect(await score(parameters, judged.chosen)).toBeLessThan(await score(model.parameters, judged.chosen));
});

test('retraining without the class never knew it', async () => {
  const fresh = await freshMlp(SEED + 1);
  const { parameters } = await retrain(
    model,
    { retain: parts.rest, initial: fresh.parameters },
    { epochs: 4 },
  );
  expect(await score(parameters, judged.chosen)).toBe(0);
  expect(await score(parameters, judged.rest)).toBeGreaterThanOrEqual(0.85);
});

test('no method touches the model it was given', async () => {
  const before = await bits(model);
  await gradientAscent(model, { forget: parts.chosen }, { learningRate: 0.05 });
  await fineTune(model, { retain: parts.rest });
  await zeroRow(model, {}, { classIndex: DIGIT });
  expect(await bits(model)).toEqual(before);
});

test('options are not coerced', async () => {
  await expect(fineTune(model, { retain: parts.rest }, { epoch: 1 } as object)).rejects.toThrow(
    "did you mean 'epochs'?",
  );
  await expect(
    gradientAscent(model, { forget: parts.chosen }, { learningrate: 1 } as object),
  ).rejects.toThrow("did you mean 'learningRate'?");
});

test.each([
  ['fineTune', (broken: LabeledSet) => fineTune(model, { retain: broken })],
  ['gradientAscent', (broken: LabeledSet) => gradientAscent(model, { forget: broken })],
])('%s refuses to end with weights that are not finite', async (_name, run) => {
  const { features } = parts.rest.subset([0, 1]);
  const holes = Float32Array.from(features, () => NaN);
  const before = await bits(model);
  const broken = LabeledSet.of({
    features: holes,
    labels: [0, 1],
    exampleShape: parts.rest.exampleShape,
    classCount: parts.rest.classCount,
  });
  await expect(run(broken)).rejects.toMatchObject({ code: 'ERR_NOT_FINITE' });
  expect(await bits(model)).toEqual(before);
});
