import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import {
  DiagonalOperator,
  ekfac,
  gaussNewtonOperator,
  hessianOperator,
  influence,
  openGradients,
  selfInfluence,
  storeGradients,
  type Objective,
} from '../../lib/curvature';
import {
  add,
  conv2d,
  embedding,
  mean,
  mul,
  ones,
  relu,
  reshape,
  softmaxCrossEntropy,
  square,
  sub,
  sum,
  tanh,
} from '../../lib/ops';
import { linear } from '../../lib/ops/products/matmul';
import { grad, hessian, perExample } from '../../lib/transforms';
import { solve } from '../../lib/linalg';
import { concat } from '../../lib/ops/shape/concat';
import { split } from '../../lib/ops/shape/slice';
import { expectClose } from '../support/compare';
import { draw, inBatches, TOLERANCE, type LabeledBatch } from './problem';

const FEATURES = 4;
const CLASSES = 3;
const DECAY = 0.05;

/** Points of three overlapping clouds; a few are labelled wrongly. */
function cloud(seed: number, count: number): LabeledBatch {
  const labels = Int32Array.from({ length: count }, (_, n) => n % CLASSES);
  const centres = draw(7, [CLASSES, FEATURES]);
  const points = add(embedding(centres, tensor(labels)), draw(seed, [count, FEATURES]));
  const noisy = labels.map((label, n) => (n % 10 === 3 ? (label + 1) % CLASSES : label));
  return [points, tensor(noisy)];
}

const TRAIN = cloud(1, 40);
const QUERY = cloud(2, 6);

const logistic = (parameters: Parameters, data: LabeledBatch): Objective<LabeledBatch> => ({
  parameters,
  outputs: (p, x) => linear(x, p.get('w'), p.get('b')),
  losses: (logits, _x, labels) => softmaxCrossEntropy(logits, labels),
  batches: () => inBatches(data, 16),
  size: data[0].shape[0]!,
});

/** The optimum of the weighted mean loss with weight decay, by Newton's method. */
async function optimum(weights: Tensor, from: Parameters): Promise<Parameters> {
  const total = (p: Parameters): Tensor => {
    const { outputs, losses } = logistic(p, TRAIN);
    const decay = [...p].map(([, part]) => sum(square(part))).reduce((a, b) => add(a, b));
    return add(mul(sum(mul(losses(outputs(p, ...TRAIN), ...TRAIN), weights)), 1 / 40), mul(decay, DECAY / 2));
  };
  let p = from;
  for (let step = 0; step < 8; step++) {
    const g = grad(total)(p);
    const flat = concat([...g].map(([, part]) => reshape(part, [part.size])));
    const move = solve(hessian(total)(p), reshape(flat, [flat.size, 1]));
    const parts = split(
      reshape(move, [flat.size]),
      [...p].map(([, part]) => part.size),
    );
    p = await evaluate(
      new Parameters([...p].map(([name, part], i) => [name, sub(part, reshape(parts[i]!, part.shape))])),
    );
  }
  return p;
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const centred = (values: number[]): number[] => {
    const average = values.reduce((total, value) => total + value, 0) / values.length;
    return values.map((value) => value - average);
  };
  const [p, q] = [centred(left), centred(right)];
  const dot = (u: number[], v: number[]): number => u.reduce((total, value, i) => total + value * v[i]!, 0);
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}

const start = new Parameters([
  ['w', mul(draw(3, [CLASSES, FEATURES]), 0)],
  ['b', mul(draw(4, [CLASSES]), 0)],
]);

describe('on logistic regression', () => {
  test('scores foretell what leaving an example out does to a query', async () => {
    const all = ones([40], 'float64');
    const theta = await optimum(all, start);
    const objective = logistic(theta, TRAIN);
    const query = logistic(theta, QUERY);
    const inverse = hessianOperator(objective).damped(DECAY).inverse({ tolerance: 1e-10 });
    const scores = await influence({ train: objective, query, inverse }, { together: 4 });
    expect(scores.shape).toEqual([6, 40]);
    const lossAt = async (p: Parameters): Promise<Float64Array> => {
      const { outputs, losses } = logistic(p, QUERY);
      return losses(outputs(p, ...QUERY), ...QUERY).data<'float64'>();
    };
    const before = await lossAt(theta);
    const foretold: number[] = [];
    const happened: number[] = [];
    const wrongSign: number[] = [];
    for (let n = 0; n < 40; n++) {
      const without = tensor(Float64Array.from({ length: 40 }, (_, m) => (m === n ? 0 : 1)));
      const after = await lossAt(await optimum(without, theta));
      for (let q = 0; q < 6; q++) {
        foretold.push(scores.row(q)[n]! / 40);
        wrongSign.push(-scores.row(q)[n]! / 40);
        happened.push(after[q]! - before[q]!);
      }
    }
    expect(correlation(foretold, happened)).toBeGreaterThan(0.95);
    // Not only the order: the size, too.
    const size = (values: readonly number[]): number => Math.hypot(...values);
    expect(size(foretold.map((value, i) => value - happened[i]!))).toBeLessThan(0.4 * size(happened));
    expect(correlation(wrongSign, happened)).toBeLessThan(-0.9);
    // Without the curvature it is worse.
    const plain = await influence({
      train: objective,
      query,
      inverse: new DiagonalOperator(theta.map((part) => add(mul(part, 0), 1))),
    });
    const dots = Array.from({ length: 240 }, (_, i) => plain.row(i % 6)[Math.floor(i / 6)]!);
    expect(correlation(dots, happened)).toBeLessThan(correlation(foretold, happened));
  });

  test('wrong labels have the largest influence on themselves', async () => {
    const theta = await optimum(ones([40], 'float64'), start);
    const objective = logistic(theta, TRAIN);
    const inverse = gaussNewtonOperator(objective).damped(DECAY).inverse({ tolerance: 1e-8 });
    const own = await selfInfluence(objective, inverse);
    const pairs = await influence({ train: objective, query: objective, inverse });
    expectClose(
      own,
      Array.from(own, (_, n) => pairs.row(n)[n]!),
      1e-7,
      'the diagonal of all pairs',
    );
    const order = [...own.keys()].sort((a, b) => own[b]! - own[a]!);
    const found = order.slice(0, 8).filter((n) => n % 10 === 3).length;
    expect(found).toBeGreaterThanOrEqual(2);
    const [first, second] = pairs.top(0, 2);
    expect(first!.score).toBeGreaterThanOrEqual(second!.score);
    expect(pairs.bottom(0, 1)[0]!.score).toBe(Math.min(...pairs.row(0)));
    expect(() => pairs.row(40)).toThrow('influence: a query from 0 to 39 expected, got 40');
  });

  test('wrong calls are told', async () => {
    const objective = logistic(start, TRAIN);
    const inverse = new DiagonalOperator(start);
    const none: Objective<LabeledBatch> = { ...objective, batches: () => [] };
    await expect(influence({ train: objective, query: none, inverse })).rejects.toThrow(
      'there are no queries',
    );
    await expect(influence({ train: objective, query: objective, inverse }, { together: 0 })).rejects.toThrow(
      'together must be',
    );
    await expect(selfInfluence(none, inverse)).rejects.toThrow('the objective has no examples');
    const other = new DiagonalOperator(start.select(/w/));
    await expect(selfInfluence(objective, other)).rejects.toThrow('matvec: a vector of w [3, 4]');
  });
});

describe('gradients in a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'palimpsest-gradients-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** A network with every kind of site. */
  const parameters = new Parameters([
    ['table', draw(20, [5, 18])],
    ['conv', draw(21, [4, 2, 2, 2])],
    ['bias', draw(22, [4])],
    ['out', draw(23, [CLASSES, 16])],
  ]);
  const tokens = tensor(Int32Array.from({ length: 10 }, (_, i) => (i * 3) % 5));
  const labels = tensor(Int32Array.from({ length: 10 }, (_, i) => (i * i) % CLASSES));
  const mixed: Objective<LabeledBatch> = {
    parameters,
    outputs: (p, x) => {
      const images = reshape(embedding(p.get('table'), x), [x.shape[0]!, 2, 3, 3]);
      const h = relu(add(conv2d(tanh(images), p.get('conv')), reshape(p.get('bias'), [4, 1, 1])));
      return linear(reshape(h, [x.shape[0]!, 16]), p.get('out'));
    },
    losses: (logits, _x, y) => softmaxCrossEntropy(logits, y),
    batches: () => inBatches([tokens, labels], 4),
    size: 10,
  };
  const lossesOf = (p: Parameters, a: Tensor, b: Tensor): Tensor =>
    mixed.losses(mixed.outputs(p, a, b), a, b);

  test('come back with every statistic they had', async () => {
    const store = await storeGradients(mixed, folder);
    expect(store.size).toBe(10);
    const { store: opened, warnings } = await openGradients(folder, parameters);
    expect(warnings).toEqual([]);
    const batches = [...inBatches([tokens, labels], 4)];
    let index = 0;
    for await (const stored of opened.batches()) {
      const fresh = perExample(lossesOf)(parameters, ...batches[index++]!);
      expectClose(await stored.losses.data(), await fresh.losses.data(), TOLERANCE, 'losses');
      expectClose(await stored.norms().data(), await fresh.norms().data(), TOLERANCE, 'norms');
      expectClose(await stored.gram().data(), await fresh.gram().data(), TOLERANCE, 'Gram matrix');
      for (const name of parameters.names) {
        const [a, b] = [stored.sumSquares().get(name), fresh.sumSquares().get(name)];
        expectClose(await a.data(), await b.data(), TOLERANCE, `squares of ${name}`);
      }
    }
    expect(index).toBe(3);
  });

  test('give the same influence as gradients made anew', async () => {
    const inverse = (await ekfac(mixed, { diagonal: /table/ })).inverse();
    const store = await storeGradients(mixed, folder);
    const fromFiles = await influence({ train: store, query: mixed, inverse });
    const direct = await influence({ train: mixed, query: mixed, inverse }, { together: 3 });
    for (let q = 0; q < 10; q++) expectClose(fromFiles.row(q), direct.row(q), 1e-9, `query ${q}`);
    expect(await mean(tensor(fromFiles.row(0))).item()).not.toBe(0);
  });

  test('give the same influence on themselves, and as queries', async () => {
    const inverse = (await ekfac(mixed, { diagonal: /table/ })).inverse();
    const store = await storeGradients(mixed, folder);
    const direct = await selfInfluence(mixed, inverse, { together: 3 });
    expectClose(await selfInfluence(store, inverse, { together: 3 }), direct, 1e-9, 'self-influence');
    const pairs = await influence({ train: store, query: store, inverse }, { together: 4 });
    expect(pairs.shape).toEqual([10, 10]);
    expectClose(
      Array.from(direct, (_, n) => pairs.row(n)[n]!),
      direct,
      1e-9,
      'the diagonal of all pairs',
    );
    expect(Math.min(...direct)).toBeGreaterThan(0);
    expect(() => pairs.top(0, -1)).toThrow('a number of examples expected, got -1');
    const nothing = undefined as unknown as typeof inverse;
    await expect(selfInfluence(store, nothing)).rejects.toThrow(
      'a CurvatureOperator expected, got undefined',
    );
    await expect(influence({ train: store, query: {} as typeof mixed, inverse })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  });

  test('a run that was interrupted goes on', async () => {
    const stop = new AbortController();
    const interrupted = storeGradients(
      mixed,
      folder,
      {},
      {
        signal: stop.signal,
        onProgress: ({ done }) => {
          if (done >= 8) stop.abort();
        },
      },
    );
    await expect(interrupted).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(existsSync(join(folder, 'gradients.json'))).toBe(false);
    const first = statSync(join(folder, 'batch-000000.safetensors')).mtimeMs;
    await storeGradients(mixed, folder);
    expect(statSync(join(folder, 'batch-000000.safetensors')).mtimeMs).toBe(first);
    expect(readdirSync(folder).sort()).toEqual([
      'batch-000000.safetensors',
      'batch-000001.safetensors',
      'batch-000002.safetensors',
      'gradients.json',
    ]);
    // Other weights: nothing is kept.
    const moved = await evaluate(parameters.map((part) => mul(part, 1.5)));
    const elsewhere: Objective<LabeledBatch> = { ...mixed, parameters: moved };
    await storeGradients(elsewhere, folder);
    expect(statSync(join(folder, 'batch-000000.safetensors')).mtimeMs).not.toBe(first);
    expect((await openGradients(folder, parameters)).warnings).toEqual([
      `'${folder}' was made for other weights of this model`,
    ]);
  });

  test('broken folders are refused', async () => {
    await expect(openGradients(folder, parameters)).rejects.toMatchObject({ code: 'ERR_IO' });
    writeFileSync(
      join(folder, 'gradients.json'),
      '{"format":"palimpsest gradient store 1","weights":"","examples":1,"shards":[{"file":"../x","examples":1,"batch":""}]}',
    );
    await expect(openGradients(folder, parameters)).rejects.toMatchObject({ code: 'ERR_FORMAT' });
    await storeGradients(mixed, folder);
    const other = new Parameters([...parameters.select(/bias|out|table/), ['conv', draw(1, [4, 2, 3, 3])]]);
    const { store } = await openGradients(folder, other);
    await expect(store.batches().next()).rejects.toThrow(
      "'conv': a convolution of 4 examples for [4, 2, 3, 3] expected",
    );
  });
});
