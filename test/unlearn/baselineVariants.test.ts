import { LabeledSet } from '../../lib/data/labeledSet';
import { evaluate } from '../../lib/graph/evaluate';
import type { Parameters } from '../../lib/graph/parameters';
import { mlp } from '../../lib/models/mlp';
import type { Model } from '../../lib/models/model';
import { full, mul, neg, zerosLike } from '../../lib/ops/elementwise/arithmetic';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { mean } from '../../lib/ops/reduce/reduce';
import { concat } from '../../lib/ops/shape/concat';
import { slice } from '../../lib/ops/shape/slice';
import type { Tensor } from '../../lib/graph/tensor';
import { adam } from '../../lib/optim/adam';
import { sgd } from '../../lib/optim/sgd';
import { crossEntropyLoss, train, type BatchLoss, type TrainOptions } from '../../lib/optim/train';
import { key, normal } from '../../lib/random';
import { grad } from '../../lib/transforms';
import { fineTune, retrain, zeroRow } from '../../lib/unlearn';
import { announce } from '../support/numbers';
import { sequence } from '../support/sequence';
import { expectAllWrong, failingVariants } from '../support/wrongVariants';

const [INPUTS, CLASSES, COUNT] = [12, 5, 60];

/** Gaussian points whose class decides where they lie. */
function examples(count: number, seed: number): LabeledSet {
  const next = sequence(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const features = Float32Array.from({ length: count * INPUTS }, (_, i) => {
    const label = labels[Math.floor(i / INPUTS)] ?? 0;
    return next() + next() - 1 + (i % INPUTS === label ? 1 : 0);
  });
  return LabeledSet.of({ features, labels, exampleShape: [INPUTS], classCount: CLASSES });
}

const seeded = async (seed: number): Promise<Model> => {
  const model = mlp({ inputs: INPUTS, hidden: [16], classes: CLASSES }, { seed });
  await evaluate(model.parameters);
  return model;
};
const [retain, forget] = [examples(COUNT, 1), examples(COUNT, 2)];
const indices = Array.from({ length: COUNT }, (_, i) => i);

function both(): LabeledSet {
  const features = new Float32Array([...retain.features, ...forget.features]);
  const labels = new Int32Array([...retain.labels, ...forget.labels]);
  return LabeledSet.of({ features, labels, exampleShape: [INPUTS], classCount: CLASSES });
}
const relabeled = (by: (label: number) => number): LabeledSet =>
  LabeledSet.of({
    features: Float32Array.from(retain.features),
    labels: Int32Array.from(retain.labels, by),
    exampleShape: [INPUTS],
    classCount: CLASSES,
  });

let model: Model;
let fresh: Model;
beforeAll(async () => {
  [model, fresh] = await Promise.all([seeded(3), seeded(4)]);
});
afterAll(() => {
  announce(
    'R23',
    `${failingVariants()} wrong variants of fine-tuning, retraining and zeroed rows fail what the right ones pass`,
  );
});

const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())];

const RATE = 1e-3;
/** Gradients below it are too near to Adam's eps, and to rounding, to say what a step is. */
const CLEAR = 1e-4;
/** Of the rate: a step in float32 weights of size one. */
const NEAR = 0.01;

/**
 * Whether the parameters lie one step of Adam from `from` on the whole retain set: every weight with a clear gradient g of the
 * mean loss has moved by the learning rate, against the sign of g, as the first step `-rate g / (|g| + eps)` does.
 */
async function isStepFrom(from: Parameters, after: Parameters): Promise<boolean> {
  let slope: Parameters | undefined;
  for (const { x, y } of retain.batches(COUNT)) {
    const loss = (p: Parameters): Tensor => mean(softmaxCrossEntropy(model.forward(p, x), y));
    slope = await evaluate(grad(loss)(from));
  }
  let clear = 0;
  let wrong = 0;
  for (const [name, before] of from) {
    const [old, now, g] = await Promise.all([before, after.get(name), slope!.get(name)].map(numbers));
    g!.forEach((own, i) => {
      const moved = (now![i]! - old![i]!) / RATE;
      if (own === 0 && moved !== 0) wrong += 1;
      if (Math.abs(own) < CLEAR) return;
      clear += 1;
      if (Math.abs(moved + Math.sign(own)) > NEAR) wrong += 1;
    });
  }
  expect(clear).toBeGreaterThan(100);
  return wrong === 0;
}

const step: TrainOptions = { optimizer: adam({ learningRate: RATE }), epochs: 1, batchSize: COUNT };
const uphill: BatchLoss = (...args) => neg(crossEntropyLoss(...args));
const scaled: BatchLoss = (own, p, x, y) => mean(softmaxCrossEntropy(mul(own.forward(p, x), 0.1), y));

test('fine-tuning steps down the loss of what is kept, unlike every variant', async () => {
  const tuned = async (of: Model, set: LabeledSet, options: object = {}): Promise<Parameters> =>
    (await fineTune(of, { retain: set }, { learningRate: RATE, batchSize: COUNT, ...options })).parameters;
  const passes = (after: Parameters): Promise<boolean> => isStepFrom(model.parameters, after);
  await expectAllWrong(passes, () => tuned(model, retain), {
    'the sets swapped': () => tuned(model, forget),
    'what is forgotten too': () => tuned(model, both()),
    'a part of what is kept': () => tuned(model, retain.subset(indices.slice(0, COUNT / 2))),
    'the other sign': () => train(model, retain, { ...step, loss: uphill }),
    'other labels': () =>
      tuned(
        model,
        relabeled((label) => (label + 1) % CLASSES),
      ),
    'one label for all': () =>
      tuned(
        model,
        relabeled(() => 0),
      ),
    'fresh weights': () => tuned(fresh, retain),
    'half the rate': () => tuned(model, retain, { learningRate: RATE / 2 }),
    'twice the epochs': () => tuned(model, retain, { epochs: 2 }),
    'half the batch': () => tuned(model, retain, { batchSize: COUNT / 2 }),
    'plain descent': () => train(model, retain, { ...step, optimizer: sgd({ learningRate: RATE }) }),
    'logits scaled': () => train(model, retain, { ...step, loss: scaled }),
    'no step': () => model.parameters,
  });
});

test('retraining begins anew and never sees what is forgotten, unlike every variant', async () => {
  const again = async (
    from: Parameters,
    set: LabeledSet,
    options: Partial<TrainOptions> = {},
  ): Promise<Parameters> =>
    (await retrain(model, { retain: set, initial: from }, {}, { recipe: { ...step, ...options } }))
      .parameters;
  const passes = (after: Parameters): Promise<boolean> => isStepFrom(fresh.parameters, after);
  await expectAllWrong(passes, () => again(fresh.parameters, retain), {
    'the weights of the model': () => again(model.parameters, retain),
    'weights of zero': () => again(fresh.parameters.map(zerosLike), retain),
    'the sets swapped': () => again(fresh.parameters, forget),
    'what is forgotten too': () => again(fresh.parameters, both()),
    'the other sign': () => again(fresh.parameters, retain, { loss: uphill }),
    'other labels': () =>
      again(
        fresh.parameters,
        relabeled((label) => (label + 1) % CLASSES),
      ),
    'another optimizer': () => again(fresh.parameters, retain, { optimizer: sgd({ learningRate: RATE }) }),
    'more epochs': () => again(fresh.parameters, retain, { epochs: 2 }),
    'no step': () => fresh.parameters,
  });
});

describe('zeroed rows', () => {
  const CLASS = 2;
  const [W, B] = ['fc2.weight', 'fc2.bias'];

  /**
   * No input, however large, gets the class, and its logit says nothing of the input; all other logits are as they were to
   * the bit.
   */
  const isSilent = async (after: Parameters): Promise<boolean> => {
    const inputs = mul(normal(key(5), [200, INPUTS]), 100);
    const [old, now] = await Promise.all(
      [model.parameters, after].map((p) => numbers(model.forward(p, inputs))),
    );
    const own = now!.filter((_, i) => i % CLASSES === CLASS);
    const lowest = Math.min(...now!.filter((_, i) => i % CLASSES !== CLASS));
    return (
      own.every((logit) => logit === own[0] && logit < lowest) &&
      now!.every((logit, i) => i % CLASSES === CLASS || logit === old![i])
    );
  };

  /** The parameters with parts [from, to) of a tensor's first axis put to a number. */
  const put = (p: Parameters, name: string, value: number, from = CLASS, to = CLASS + 1): Parameters => {
    const x = p.get(name);
    const [count = 0, ...rest] = x.shape;
    const parts = [
      slice(x, { stops: [from] }),
      full([to - from, ...rest], value),
      slice(x, { starts: [to], stops: [count] }),
    ];
    return p.with([[name, concat(parts)]]);
  };

  test('silence a class and nothing else, unlike every variant', async () => {
    const zeroed = async (options = {}): Promise<Parameters> =>
      (await zeroRow(model, {}, { classIndex: CLASS, ...options })).parameters;
    const p = model.parameters;
    await expectAllWrong(isSilent, zeroed, {
      'the bias left': () => put(p, W, 0),
      'the row left': () => put(p, B, -1e4),
      'a bias of 0': () => put(put(p, W, 0), B, 0),
      'the other sign': () => put(put(p, W, 0), B, 1e4),
      'the row before': () => zeroed({ classIndex: CLASS - 1 }),
      'the row after': () => zeroed({ classIndex: CLASS + 1 }),
      'two rows': () => put(put(p, W, 0, CLASS, CLASS + 2), B, -1e4, CLASS, CLASS + 2),
      'every row': () => put(put(p, W, 0, 0, CLASSES), B, -1e4),
      'every bias': () => put(put(p, W, 0), B, -1e4, 0, CLASSES),
      'a column': () => {
        const w = p.get(W);
        const columns = [
          slice(w, { stops: [CLASSES, CLASS] }),
          full([CLASSES, 1], 0),
          slice(w, { starts: [0, CLASS + 1] }),
        ];
        return put(p.with([[W, concat(columns, { axis: 1 })]]), B, -1e4);
      },
      'the layer before': () => put(put(p, 'fc1.weight', 0), 'fc1.bias', -1e4),
      'no change': () => p,
    });
  });
});
