import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { evaluate } from '../../lib/graph/evaluate';
import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { concat, stack } from '../../lib/ops/shape/concat';
import { conv2d } from '../../lib/ops/networks/conv2d';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { add, div, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { exp, relu, sqrt, tanh } from '../../lib/ops/elementwise/math';
import { layerNorm } from '../../lib/ops/norms/layerNorm';
import { linear, matmul } from '../../lib/ops/products/matmul';
import { maxPool2d } from '../../lib/ops/networks/pool2d';
import { mean } from '../../lib/ops/reduce/reduce';
import { flatten, reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { broadcastTo, sum } from '../../lib/ops/reduce/sum';
import { take } from '../../lib/ops/indexing/take';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, splitKey } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { perExample } from '../../lib/transforms/perExample';
import { expectClose } from '../support/compare';

/** float64 against float64: only the order of sums differs. */
const TOLERANCE = 1e-11;
const COUNT = 5;

type Losses = (params: Parameters, x: Tensor, y: Tensor) => Tensor;

interface Case {
  readonly name: string;
  readonly shapes: Record<string, readonly number[]>;
  readonly input: readonly number[];
  readonly losses: Losses;
}

const perPosition = (values: Tensor): Tensor => sum(square(flatten(values, 1)), { axis: 1 });

const cases: Case[] = [
  {
    name: 'an MLP',
    shapes: { w1: [6, 7], b1: [6], w2: [3, 6], b2: [3] },
    input: [7],
    losses: (p, x, y) =>
      softmaxCrossEntropy(linear(tanh(linear(x, p.get('w1'), p.get('b1'))), p.get('w2'), p.get('b2')), y),
  },
  {
    name: 'a CNN',
    shapes: { conv: [4, 2, 3, 3], bias: [4], fc: [3, 36], out: [3] },
    input: [2, 6, 6],
    losses: (p, x, y) => {
      const h = relu(add(conv2d(x, p.get('conv'), { padding: 1 }), reshape(p.get('bias'), [4, 1, 1])));
      const pooled = flatten(maxPool2d(h, { kernel: 2 }), 1);
      return softmaxCrossEntropy(linear(pooled, p.get('fc'), p.get('out')), y);
    },
  },
  {
    name: 'an MLP with one weight used twice, once transposed',
    shapes: { w: [7, 7], v: [3, 7] },
    input: [7],
    losses: (p, x, y) => {
      const w = p.get('w');
      return softmaxCrossEntropy(linear(tanh(matmul(tanh(linear(x, w)), w)), p.get('v')), y);
    },
  },
  {
    name: 'a low-rank adapter W + A B',
    shapes: { w: [7, 4], a: [7, 2], b: [2, 4] },
    input: [7],
    losses: (p, x) => perPosition(matmul(x, add(p.get('w'), matmul(p.get('a'), p.get('b'))))),
  },
  {
    name: 'one convolution used twice',
    shapes: { conv: [2, 2, 3, 3] },
    input: [2, 5, 5],
    losses: (p, x) =>
      perPosition(conv2d(tanh(conv2d(x, p.get('conv'), { padding: 1 })), p.get('conv'), { stride: 2 })),
  },
  {
    name: 'positions merged into the example axis, with a norm',
    shapes: { w: [6, 4], b: [6], gain: [6], bias: [6], position: [3, 4] },
    input: [3, 4],
    losses: (p, x) => {
      const n = x.shape[0]!;
      const rows = reshape(add(x, p.get('position')), [n * 3, 4]);
      const h = layerNorm(linear(rows, p.get('w'), p.get('b')), p.get('gain'), p.get('bias'));
      return perPosition(tanh(reshape(h, [n, 18])));
    },
  },
  {
    name: 'an embedding tied to the output, and a class token',
    shapes: { wte: [5, 4], token: [1, 4] },
    input: [3],
    losses: (p, x, y) => {
      const n = x.shape[0]!;
      const tokens = take(p.get('wte'), stack([y, y, y], { axis: 1 }));
      const first = broadcastTo(reshape(p.get('token'), [1, 1, 4]), [n, 1, 4]);
      const h = concat([first, mul(tokens, reshape(x, [n, 3, 1]))], { axis: 1 });
      return softmaxCrossEntropy(matmul(tanh(mean(h, { axis: 1 })), transpose(p.get('wte'))), y);
    },
  },
  {
    name: 'a weight that is sliced, scaled, masked and normalised before use',
    shapes: { w: [8, 5], scale: [1], mask: [4, 5] },
    input: [5],
    losses: (p, x) => {
      const masked = mul(slice(p.get('w'), { starts: [2], stops: [6] }), p.get('mask'));
      const normal = div(masked, sqrt(sum(square(masked), { axis: 1, keepDims: true })));
      return perPosition(linear(x, mul(normal, p.get('scale'))));
    },
  },
  {
    name: 'a parameter that goes through a nonlinear function of its own',
    shapes: { w: [5, 3] },
    input: [5],
    losses: (p, x) => perPosition(matmul(x, exp(p.get('w')))),
  },
];

function draw({ shapes, input }: Case): {
  params: Parameters;
  direction: Parameters;
  x: Tensor;
  y: Tensor;
  weights: Tensor;
} {
  const entries = Object.entries(shapes);
  const keys = splitKey(key(7), 2 * entries.length + 2);
  const random = (i: number, shape: readonly number[]): Tensor =>
    normal(keys[i]!, shape, { dtype: 'float64' });
  return {
    params: new Parameters(entries.map(([name, shape], i) => [name, random(i, shape)])),
    direction: new Parameters(entries.map(([name, shape], i) => [name, random(entries.length + i, shape)])),
    x: random(2 * entries.length, [COUNT, ...input]),
    y: tensor(Int32Array.of(0, 2, 1, 1, 0)),
    weights: random(2 * entries.length + 1, [COUNT]),
  };
}

describe.each(cases.map((item) => [item.name, item] as const))('%s', (_name, item) => {
  test('has statistics equal to those of a loop over single examples', async () => {
    const { params, direction, x, y, weights } = draw(item);
    await evaluate([params, direction, x, y, weights]);
    const gradients = perExample(item.losses)(params, x, y);
    const results = {
      squares: gradients.sumSquares(),
      absolute: gradients.sumAbsolute(),
      total: gradients.sum(),
      weighted: gradients.weightedSum(weights),
      all: gradients.materialize(),
      norms: gradients.norms(),
      dots: gradients.dot(direction),
    };
    await evaluate(results);
    const singles = await loop(item, params, x, y);
    const w = await weights.data();
    const norms = new Float64Array(COUNT);
    const dots = new Float64Array(COUNT);
    for (const parameter of params.names) {
      const rows = singles.map((single) => single.get(parameter)!);
      const v = await direction.get(parameter).data();
      const fold = (f: (g: number, n: number) => number): number[] =>
        Array.from(v, (_, i) => rows.reduce((total, row, n) => total + f(row[i]!, n), 0));
      rows.forEach((row, n) =>
        row.forEach((g, i) => {
          norms[n]! += g * g;
          dots[n]! += g * v[i]!;
        }),
      );
      const check = async (got: Tensor, expected: ArrayLike<number>, what: string): Promise<void> => {
        expectClose(await got.data(), expected, TOLERANCE, `${what} of ${parameter}`);
      };
      await check(
        results.squares.get(parameter),
        fold((g) => g * g),
        'sumSquares',
      );
      await check(results.absolute.get(parameter), fold(Math.abs), 'sumAbsolute');
      await check(
        results.total.get(parameter),
        fold((g) => g),
        'sum',
      );
      await check(
        results.weighted.get(parameter),
        fold((g, n) => g * w[n]!),
        'weightedSum',
      );
      await check(
        results.all.get(parameter),
        rows.flatMap((row) => [...row]),
        'materialize',
      );
    }
    expectClose(await results.norms.data(), norms.map(Math.sqrt), TOLERANCE, 'norms');
    expectClose(await results.dots.data(), dots, TOLERANCE, 'dot');
  });
});

/** Gradients of one example at a time. */
async function loop(
  { losses }: Case,
  params: Parameters,
  x: Tensor,
  y: Tensor,
): Promise<Map<string, Float64Array>[]> {
  const one = (tensors: Tensor, n: number): Tensor => slice(tensors, { starts: [n], stops: [n + 1] });
  const lossOf = (theta: Parameters, n: number): Tensor => sum(losses(theta, one(x, n), one(y, n)));
  return Promise.all(
    Array.from({ length: COUNT }, async (_, n) => {
      const g = await evaluate(grad((theta: Parameters) => lossOf(theta, n))(params));
      const arrays = await Promise.all(
        g.names.map(async (name) => [name, await g.get(name).data<'float64'>()] as const),
      );
      return new Map(arrays);
    }),
  );
}

const mlp = cases[0]!;

test('a single example is its own gradient', async () => {
  const { params, x, y } = draw(mlp);
  const [x0, y0] = [slice(x, { stops: [1] }), slice(y, { stops: [1] })];
  const squares = perExample(mlp.losses)(params, x0, y0).sumSquares().get('w1');
  const single = grad((p: Parameters) => sum(mlp.losses(p, x0, y0)))(params).get('w1');
  expectClose(await squares.data(), await square(single).data(), TOLERANCE, 'sumSquares');
});

test('squares of uses added one by one are wrong, and told apart', async () => {
  const tied = cases[2]!;
  const { params, x, y } = draw(tied);
  const untied: Losses = (p, inputs, labels) =>
    softmaxCrossEntropy(
      linear(tanh(matmul(tanh(linear(inputs, p.get('w'))), p.get('w2'))), p.get('v')),
      labels,
    );
  const twice = new Parameters([...params, ['w2', params.get('w')]]);
  const right = perExample(tied.losses)(params, x, y).sumSquares().get('w');
  const apart = perExample(untied)(twice, x, y).sumSquares();
  const wrong = add(apart.get('w'), apart.get('w2'));
  const [a, b] = [await right.data(), await wrong.data()];
  expect(() => expectClose(b, a, 0.05, 'squares per use')).toThrow('relative error');
});

test('runs inside compile', async () => {
  const { params, x, y } = draw(mlp);
  const squares = compile((p: Parameters, inputs: Tensor, labels: Tensor) =>
    perExample(mlp.losses)(p, inputs, labels).sumSquares(),
  );
  const direct = perExample(mlp.losses)(params, x, y).sumSquares();
  expect(await (await squares(params, x, y)).get('w1').data()).toEqual(await direct.get('w1').data());
});

describe('mixing examples is refused', () => {
  const { params, x, y } = draw(mlp);
  const refused =
    (losses: Losses): (() => unknown) =>
    () =>
      perExample(losses)(params, x, y);
  test.each<[string, Losses, string]>([
    ['a mean over the batch', (p, a, b) => mean(mlp.losses(p, a, b)), 'sum: mixes examples'],
    [
      'batch statistics',
      (p, a, b) => mlp.losses(p, add(a, mean(matmul(a, transpose(p.get('w1'))))), b),
      'mixes examples',
    ],
    [
      'pairs of examples',
      (p, a) => sum(matmul(linear(a, p.get('w1')), transpose(linear(a, p.get('w1')))), { axis: 1 }),
      'matmul: mixes examples',
    ],
    ['a loss per class', (p, a) => sum(linear(a, p.get('w1')), { axis: 0 }), 'sum: mixes examples'],
    [
      'losses that ignore the batch',
      (p) => slice(p.get('b1'), { stops: [COUNT] }),
      'does not depend on the batch',
    ],
  ])('%s', (_name, losses, message) => {
    expect(refused(losses)).toThrow(message);
    expect(refused(losses)).toThrow(expect.objectContaining({ code: 'ERR_EXAMPLE_AXIS' }) as Error);
  });
});
