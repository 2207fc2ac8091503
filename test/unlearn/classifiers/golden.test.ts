import { LabeledSet } from '../../../lib/data/labeledSet';
import { tensor } from '../../../lib/graph/create';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import type { Model } from '../../../lib/models/model';
import { mlp } from '../../../lib/models/mlp';
import { matmul } from '../../../lib/ops/products/matmul';
import { mul } from '../../../lib/ops/elementwise/arithmetic';
import { sum } from '../../../lib/ops/reduce/sum';
import { transpose } from '../../../lib/ops/shape/transpose';
import { grad } from '../../../lib/transforms';
import {
  badTeacher,
  cfK,
  euK,
  gradientRestriction,
  iau,
  largestEntries,
  salun,
  saliencyMask,
  scrub,
} from '../../../lib/unlearn';
import { gradientOf } from '../../../lib/unlearn/classifiers/gradients';
import { sequence } from '../../support/sequence';

const [INPUTS, CLASSES] = [6, 4];

function examples(count: number, seed: number): LabeledSet {
  const next = sequence(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const features = Float32Array.from({ length: count * INPUTS }, () => next() - 0.5);
  return LabeledSet.of({ features, labels, exampleShape: [INPUTS], classCount: CLASSES });
}
const [retain, forget] = [examples(40, 1), examples(12, 2)];
const model = mlp({ inputs: INPUTS, hidden: [8], classes: CLASSES }, { seed: 3 });
const fresh = mlp({ inputs: INPUTS, hidden: [8], classes: CLASSES }, { seed: 4 }).parameters;
const bytes = async (tensor: Tensor): Promise<number[]> => [...(await tensor.data<'float32'>())];

describe('the mask of SalUn', () => {
  test('is the largest of all, not of every parameter', async () => {
    const tree = new Parameters([
      ['a', tensor([3, -1])],
      ['b', tensor([2, 0.5, -4])],
    ]);
    const mask = await largestEntries(tree, 0.4);
    expect([...(await mask.get('a').data())]).toEqual([1, 0]);
    expect([...(await mask.get('b').data())]).toEqual([0, 0, 1]);
  });

  test('of equal entries those that come first are taken, and exactly as many as asked', async () => {
    const mask = await largestEntries(new Parameters([['a', tensor([1, 1, 1, 1, 1])]]), 0.5);
    expect([...(await mask.get('a').data())]).toEqual([1, 1, 0, 0, 0]);
  });

  test('batches with opposite gradients have no saliency', async () => {
    // A linear model of one input and two classes: the gradient of an example changes its sign with the input.
    const features = Float32Array.of(2, -2);
    const set = LabeledSet.of({ features, labels: [0, 0], exampleShape: [1], classCount: 2 });
    const weight = tensor([[0], [0]], { dtype: 'float32' });
    const linear: Model = {
      config: { model_type: 'linear' },
      parameters: new Parameters([['w', weight]]),
      forward: (theta, x) => matmul(x, transpose(theta.get('w'))),
    };
    const settings = { batchSize: 1, weights: 'batches', phase: '' } as const;
    const gradient = await gradientOf(linear, set, settings, {});
    expect(await bytes(gradient.get('w'))).toEqual([0, 0]);
  });

  test('what it leaves out keeps its bits under momentum and weight decay', async () => {
    const mask = await saliencyMask(model, forget, { ratio: 0.3 });
    const options = { epochs: 13, batchSize: 12, learningRate: 0.05, weightDecay: 0.1 };
    const { parameters } = await salun(model, { forget, retain }, options, { mask });
    let moved = 0;
    for (const [name, before] of model.parameters) {
      const [old, now] = [await bytes(before), await bytes(parameters.get(name))];
      [...(await mask.get(name).data())].forEach((open, i) => {
        if (open === 0) expect(now[i]).toBe(old[i]);
        else moved += now[i] === old[i] ? 0 : 1;
      });
    }
    expect(moved).toBeGreaterThan(10);
  });
});

describe('influence approximation', () => {
  test('the plain step is the two mean gradients', async () => {
    const settings = { batchSize: 5, weights: 'mean', phase: '' } as const;
    const [down, up] = [
      await gradientOf(model, retain, settings, {}),
      await gradientOf(model, forget, settings, {}),
    ];
    const { parameters } = await iau(model, { forget, retain }, { optimizer: 'sgd', learningRate: 0.5 });
    for (const [name, before] of model.parameters) {
      const [theta, f, r] = [await bytes(before), await bytes(up.get(name)), await bytes(down.get(name))];
      (await bytes(parameters.get(name))).forEach((now, i) =>
        expect(now).toBeCloseTo((theta[i] ?? 0) + 0.5 * ((f[i] ?? 0) - (r[i] ?? 0)), 5),
      );
    }
  });

  test('the first step of Adam has one length everywhere', async () => {
    const { parameters } = await iau(model, { forget, retain }, { learningRate: 0.01 });
    const [before, after] = [model.parameters.get('fc2.bias'), parameters.get('fc2.bias')];
    const old = await bytes(before);
    for (const [i, now] of (await bytes(after)).entries())
      expect(Math.abs(now - (old[i] ?? 0))).toBeCloseTo(0.01, 4);
  });

  test.each(['global', 'perTensor'] as const)(
    'restriction by the %s norm has the derivative A theta + alpha A^2 theta / |A theta|',
    async (norm) => {
      // l = theta' A theta / 2
      const A = tensor(
        [
          [2, 0.5],
          [0.5, 1],
        ],
        { dtype: 'float64' },
      );
      const quadratic = (_: Model, theta: Parameters): Tensor =>
        mul(sum(mul(theta.get('t'), matmul(A, theta.get('t')))), 0.5);
      const theta = new Parameters([['t', tensor([1, -3], { dtype: 'float64' })]]);
      const loss = gradientRestriction({ alpha: 0.3, norm, loss: quadratic });
      const none = tensor([0]);
      const slope = grad((p: Parameters) => loss(model, p, none, none))(theta);
      const [g0, g1] = [2 * 1 - 0.5 * 3, 0.5 * 1 - 3];
      const length = Math.hypot(g0, g1);
      const expected = [g0 + (0.3 * (2 * g0 + 0.5 * g1)) / length, g1 + (0.3 * (0.5 * g0 + g1)) / length];
      [...(await slope.get('t').data())].forEach((value, i) =>
        expect(value).toBeCloseTo(expected[i] ?? 0, 10),
      );
    },
  );

  test('restriction by nothing is plain training', () => {
    const loss = (): Tensor => tensor(1);
    expect(gradientRestriction({ alpha: 0, loss })).toBe(loss);
  });
});

describe('the last layers', () => {
  test('alone are trained; all others keep their bits', async () => {
    const { parameters } = await cfK(model, { retain }, { k: 1, epochs: 2 });
    expect(await bytes(parameters.get('fc1.weight'))).toEqual(
      await bytes(model.parameters.get('fc1.weight')),
    );
    expect(await bytes(parameters.get('fc2.weight'))).not.toEqual(
      await bytes(model.parameters.get('fc2.weight')),
    );
  });

  test('are drawn anew by EU-k', async () => {
    const options = { k: 1, epochs: 1, learningRate: 1e-12 };
    const { parameters } = await euK(model, { retain, initial: fresh }, options);
    expect(await bytes(parameters.get('fc1.bias'))).toEqual(await bytes(model.parameters.get('fc1.bias')));
    const [got, drawn] = [await bytes(parameters.get('fc2.weight')), await bytes(fresh.get('fc2.weight'))];
    got.forEach((value, i) => expect(value).toBeCloseTo(drawn[i] ?? 0, 5));
  });

  test('cannot be more than there are', async () => {
    await expect(cfK(model, { retain }, { k: 3 })).rejects.toThrow(
      'k must be at most 2, the number of layers, got 3',
    );
  });
});

test('a student that is its own teacher does not move', async () => {
  // With gamma 0 and alpha 1 the loss of a min epoch is the divergence from the teacher, zero at the start.
  const still = await scrub(
    model,
    { forget, retain },
    { gamma: 0, alpha: 1, maxEpochs: 0, epochs: 1, weightDecay: 0, batchSize: 40 },
  );
  const taught = await badTeacher(
    model,
    { forget, retain, initial: model.parameters },
    { optimizer: 'sgd', learningRate: 1, batchSize: 40 },
  );
  for (const parameters of [still.parameters, taught.parameters]) {
    for (const [name, before] of model.parameters) {
      const old = await bytes(before);
      (await bytes(parameters.get(name))).forEach((now, i) => expect(now).toBeCloseTo(old[i] ?? 0, 5));
    }
  }
});

test.each([
  ['scrub', () => scrub(model, { retain })],
  ['salun', () => salun(model, { forget })],
  ['badTeacher', () => badTeacher(model, { forget, retain })],
])('%s says what it needs', async (_, attempt) => {
  await expect(attempt()).rejects.toThrow(/\((forget|retain|initial)\) expected/);
});
