import { Parameters } from '../../lib/graph/parameters';
import type { ConvolutionSite, GatherSite, ProductSite, Site } from '../../lib/graph/op';
import { sizeOf, type Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { eigh } from '../../lib/linalg';
import { add, div, square, tanh } from '../../lib/ops/elementwise';
import { take } from '../../lib/ops/indexing/take';
import { softmaxCrossEntropy } from '../../lib/ops/losses';
import { linear, matmul } from '../../lib/ops/products/matmul';
import { kron } from '../../lib/ops/products';
import { mean, sum } from '../../lib/ops/reduce';
import { flatten, reshape } from '../../lib/ops/shape/reshape';
import { tap } from '../../lib/ops/shape/tap';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { perExample } from '../../lib/transforms/perExample';
import { byBlocks, bySteps, type Factored } from '../../lib/transforms/perExample/gram';
import { dotsByBlocks, weightedSumsByBlocks } from '../../lib/transforms/perExample/manyDirections';
import { kindOf, materialized } from '../../lib/transforms/perExample/sites';
import { expectClose } from '../support/compare';

/** float64: only the order of sums differs. */
const TOLERANCE = 1e-11;

const draw = (seed: number, shape: Shape): Tensor => normal(key(seed), shape, { dtype: 'float64' });

const product = (seed: number, count: number, steps: number): ProductSite => ({
  kind: 'product',
  left: draw(seed, [count, steps, 6]),
  right: draw(seed + 1, [count, steps, 4]),
  shape: [6, 4],
});

const gather = (seed: number, count: number): GatherSite => ({
  kind: 'gather',
  indices: tensor(
    Int32Array.from({ length: count * 3 }, (_, i) => (i * i + seed) % 6),
    { shape: [count, 3] },
  ),
  cotangents: draw(seed, [count, 3, 4]),
  rows: 6,
  shape: [6, 4],
});

const convolution = (seed: number, groups: number): ConvolutionSite => ({
  kind: 'convolution',
  images: draw(seed, [3, 2, 4, 4]),
  cotangent: draw(seed + 1, [3, 6, 4, 4]),
  geometry: {
    stride: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
    dilation: [1, 1],
    groups,
  },
  kernel: [3, 3],
  shape: [6, 2 / groups, 3, 3],
});

describe('inner products of all pairs', () => {
  const wholeGram = (sites: readonly Site[], others: readonly Site[]): Tensor => {
    const total = (list: readonly Site[]): Tensor =>
      list.map((site) => flatten(materialized(site), 1)).reduce((a, b) => add(a, b));
    return matmul(total(sites), transpose(total(others)));
  };
  const pairs: [string, readonly Factored[], readonly Factored[]][] = [
    ['products', [product(1, 3, 5)], [product(3, 2, 4)]],
    ['picked rows', [gather(5, 3)], [gather(6, 4)]],
    [
      'a product and picked rows of one table',
      [product(7, 3, 2), gather(9, 3)],
      [gather(10, 2), product(11, 2, 5)],
    ],
  ];
  test.each(pairs)(
    'of %s agree by steps and by blocks, whatever is stored at a time',
    async (_name, a, b) => {
      const expected = await wholeGram(a, b).data();
      for (const stored of [1, 40, 1 << 20]) {
        expectClose(await bySteps(a, b, stored).data(), expected, TOLERANCE, `by steps, ${stored} stored`);
        expectClose(
          await byBlocks(a, b, [6, 4], stored).data(),
          expected,
          TOLERANCE,
          `by blocks, ${stored} stored`,
        );
      }
    },
  );

  test.each([1, 2])('of a convolution with %d groups go by blocks of output channels', async (groups) => {
    const [site, other] = [convolution(20, groups), convolution(30, groups)];
    const expected = await wholeGram([site], [other]).data();
    for (const stored of [1, 1 << 20]) {
      const got = await byBlocks([site], [other], site.shape, stored).data();
      expectClose(got, expected, TOLERANCE, `${stored} stored`);
    }
  });

  test('of two batches have one row per example of the first', async () => {
    const gradients = perExample(losses);
    const [few, many] = [gradients(params, ...batchOf(2, 50)), gradients(params, ...batchOf(5, 60))];
    expect(few.gram(many).shape).toEqual([2, 5]);
    const expected = await transpose(many.gram(few)).data();
    expectClose(await few.gram(many).data(), expected, TOLERANCE, 'the other way round');
    expect(() => few.gram(perExample(losses)(params.with([]).select(/./), ...batchOf(5, 1)))).not.toThrow();
    const other = perExample((p: Parameters, x: Tensor) => sum(square(linear(x, p.get('w1'))), { axis: 1 }));
    expect(() => few.gram(other(params.select(/w1/), draw(1, [3, 5])))).toThrow('gram: ');
  });
});

const params = new Parameters([
  ['w1', draw(41, [4, 5])],
  ['b1', draw(42, [4])],
  ['w2', draw(43, [3, 4])],
]);

const losses = (p: Parameters, x: Tensor, y: Tensor): Tensor => {
  const hidden = tap(tanh(linear(x, p.get('w1'), p.get('b1'))), 'hidden');
  return softmaxCrossEntropy(tap(linear(hidden, p.get('w2')), 'logits'), y);
};

const batchOf = (count: number, seed: number): [Tensor, Tensor] => [
  draw(seed, [count, 5]),
  tensor(Int32Array.from({ length: count }, (_, n) => n % 3)),
];

describe('many directions and weightings', () => {
  const sites: [string, Site][] = [
    ['a product', product(140, 3, 5)],
    ['a convolution', convolution(150, 1)],
    ['a convolution in groups', convolution(160, 2)],
  ];
  test.each(sites)(
    'of %s agree in factors and by blocks, whatever is stored at a time',
    async (_name, site) => {
      const directions = draw(170, [4, sizeOf('shape' in site ? site.shape : [])]);
      const weights = draw(180, [4, 3]);
      const whole = flatten(materialized(site), 1);
      const dots = await matmul(directions, transpose(whole)).data();
      const sums = await matmul(weights, whole).data();
      for (const stored of [1, 1 << 20]) {
        expectClose(await dotsByBlocks(site, directions, stored)!.data(), dots, TOLERANCE, 'dots by blocks');
        expectClose(
          await weightedSumsByBlocks(site, weights, stored)!.data(),
          sums,
          TOLERANCE,
          'sums by blocks',
        );
      }
      expectClose(await kindOf(site).dots(site, directions).data(), dots, TOLERANCE, 'dots in factors');
      expectClose(await kindOf(site).weightedSums(site, weights).data(), sums, TOLERANCE, 'sums in factors');
      expect(dotsByBlocks(product(1, 3, 1), draw(1, [4, 24]))).toBeNull();
    },
  );
});

describe('Kronecker factors', () => {
  test('are second moments of inputs and of cotangents', async () => {
    const [x, y] = batchOf(6, 70);
    const { left, right } = perExample(losses)(params, x, y).kroneckerFactors();
    const slopes = perExample(losses)(params, x, y).at('logits').materialize();
    const expectedLeft = await matmul(transpose(slopes), slopes).data();
    expectClose(await left.get('w2').data(), expectedLeft, TOLERANCE, 'cotangents of w2');
    expectClose(
      await right.get('w1').data(),
      await matmul(transpose(x), x).data(),
      TOLERANCE,
      'inputs of w1',
    );
    const bias = flatten(perExample(losses)(params, x, y).materialize().get('b1'), 1);
    expectClose(await left.get('b1').data(), await matmul(transpose(bias), bias).data(), TOLERANCE, 'a bias');
    expect(await right.get('b1').data()).toEqual(Float64Array.of(6));
  });

  test('are exact for a single example without sequence', async () => {
    const [x, y] = batchOf(1, 80);
    const gradients = perExample(losses)(params, x, y);
    const { left, right } = gradients.kroneckerFactors();
    const g = reshape(gradients.materialize().get('w1'), [1, 20]);
    const fisher = await matmul(transpose(g), g).data();
    expectClose(await kron(left.get('w1'), right.get('w1')).data(), fisher, TOLERANCE, 'left (x) right');
    expect(() =>
      expectClose(
        asArray(fisher),
        asArray(fisher).map((f) => 1.1 * f),
        0.05,
        'ten percent more',
      ),
    ).toThrow();
  });

  test('count steps that share a weight each or together', async () => {
    const x = draw(90, [3, 7, 5]);
    const shared = (p: Parameters, inputs: Tensor): Tensor =>
      sum(square(tanh(linear(inputs, p.get('w1')))), { axis: [1, 2] });
    const one = params.select(/w1/);
    const slope = (inputs: Tensor): Tensor => {
      const z = linear(inputs, params.get('w1'));
      return grad((h: Tensor) => sum(square(tanh(h))))(z);
    };
    const gradients = perExample(shared)(one, x);
    const moment = (rows: Tensor): Tensor => matmul(transpose(rows), rows);
    const expand = gradients.kroneckerFactors({ sharing: 'expand' });
    const rows = div(moment(flatten(x, 0, 1)), 7);
    expectClose(await expand.right.get('w1').data(), await rows.data(), TOLERANCE, 'expand, inputs');
    const slopes = moment(flatten(slope(x), 0, 1));
    expectClose(await expand.left.get('w1').data(), await slopes.data(), TOLERANCE, 'expand, cotangents');
    const reduce = gradients.kroneckerFactors({ sharing: 'reduce' });
    const means = moment(mean(x, { axis: 1 }));
    expectClose(await reduce.right.get('w1').data(), await means.data(), TOLERANCE, 'reduce, inputs');
    const sums = moment(sum(slope(x), { axis: 1 }));
    expectClose(await reduce.left.get('w1').data(), await sums.data(), TOLERANCE, 'reduce, cotangents');
  });

  test('are refused where there are none', () => {
    const table = new Parameters([['table', draw(91, [9, 4])]]);
    const picks = tensor(Int32Array.of(1, 2, 3, 4), { shape: [2, 2] });
    const gradients = perExample((p: Parameters, x: Tensor) =>
      sum(square(take(p.get('table'), x)), { axis: [1, 2] }),
    )(table, picks);
    expect(() => gradients.kroneckerFactors()).toThrow(
      'kroneckerFactors: the gradient of a parameter [9, 4]',
    );
    const spelled = { sharing: 'expanded' as 'expand' };
    expect(() => gradients.kroneckerFactors({ sharin: 'reduce' } as object)).toThrow(
      "did you mean 'sharing'?",
    );
    expect(() => gradients.kroneckerFactors(spelled)).toThrow(
      "sharing is 'expand' or 'reduce', got 'expanded'",
    );
  });
});

describe('in other coordinates', () => {
  test('an orthogonal change of basis keeps norms, and its squares are those of EK-FAC', async () => {
    const [x, y] = batchOf(6, 100);
    const both = params.select(/w/);
    const fixed = params.get('b1');
    const ofWeights = (p: Parameters, a: Tensor, b: Tensor): Tensor =>
      losses(new Parameters([...p, ['b1', fixed]]), a, b);
    const gradients = perExample(ofWeights)(both, x, y);
    const factors = gradients.kroneckerFactors();
    const basis = (tree: Parameters): Parameters => tree.map((factor) => eigh(factor).vectors);
    const [u, v] = [basis(factors.left), basis(factors.right)];
    const turned = gradients.rotate(u, v);
    expectClose(await turned.norms().data(), await gradients.norms().data(), TOLERANCE, 'norms');
    const whole = gradients.materialize().get('w1');
    const expected = sum(square(matmul(transpose(u.get('w1')), matmul(whole, v.get('w1')))), { axis: 0 });
    expectClose(await turned.sumSquares().get('w1').data(), await expected.data(), TOLERANCE, 'squares');
    const back = turned.rotate(
      u.map((q) => transpose(q)),
      v.map((q) => transpose(q)),
    );
    expectClose(
      await back.sum().get('w2').data(),
      await gradients.sum().get('w2').data(),
      TOLERANCE,
      'and back',
    );
  });

  test('a table that rows are picked from is projected without being written down', async () => {
    const table = draw(110, [9, 4]);
    const picks = tensor(Int32Array.of(1, 2, 3, 4, 1, 1), { shape: [2, 3] });
    const gradients = perExample((p: Tensor, x: Tensor) => sum(square(take(p, x)), { axis: [1, 2] }))(
      table,
      picks,
    );
    const [u, v] = [draw(111, [9, 2]), draw(112, [4, 3])];
    const expected = matmul(transpose(u), matmul(gradients.materialize(), v));
    expectClose(
      await gradients.rotate(u, v).materialize().data(),
      await expected.data(),
      TOLERANCE,
      'both sides',
    );
    const right = matmul(gradients.materialize(), v);
    expectClose(
      await gradients.rotate(null, v).materialize().data(),
      await right.data(),
      TOLERANCE,
      'right only',
    );
    expectClose(await gradients.project(u, v).data(), await expected.data(), TOLERANCE, 'written out');
  });

  test('random coordinates keep inner products in expectation', async () => {
    const gradients = perExample(losses)(params, ...batchOf(4, 115));
    const exact = await gradients.gram().data<'float64'>();
    const [draws, mean] = [300, new Float64Array(16)];
    for (let n = 0; n < draws; n++) {
      // Entries of variance 1/3 on the left; the right side stays as it is.
      const sides = params.map(({ shape }, name) =>
        div(draw(1000 + 7 * n + name.length, [shape[0]!, 3]), Math.sqrt(3)),
      );
      const sketches = gradients.project(sides, null);
      const rows = await Promise.all(
        [...sketches]
          .map(([, part]) => flatten(part, 1))
          .map((part) => matmul(part, transpose(part)).data<'float64'>()),
      );
      for (const row of rows) row.forEach((value, i) => (mean[i]! += value / draws));
    }
    expectClose(mean, exact, 0.15, 'mean over draws');
    expect(() =>
      expectClose(
        mean.map((value) => 1.5 * value),
        exact,
        0.15,
        'another scale',
      ),
    ).toThrow();
  });

  test('a matrix that does not fit is refused', () => {
    const gradients = perExample(losses)(params, ...batchOf(3, 1)).at('logits');
    expect(() => gradients.rotate(draw(1, [4, 4]), null)).toThrow('rotate: a left matrix [3, k] expected');
    expect(() => gradients.rotate(normal(key(1), [3, 3]), null)).toThrow('rotate: a float64 matrix expected');
    expect(() => gradients.rotate(null, null).at('logits')).toThrow("no tap 'logits'");
    expect(() => gradients.rotate(undefined as unknown as Tensor, null)).toThrow(
      'one left matrix for each of the 1 parameters expected, or null, got 0',
    );
    expect(() => gradients.weightedSum([1, 1, 1] as unknown as Tensor)).toThrow('got an array');
    expect(() => gradients.gram({} as unknown as typeof gradients)).toThrow(
      'PerExampleGradients expected, got an object',
    );
    const own = perExample(losses)(params, ...batchOf(3, 1));
    expect(() => own.at(3 as unknown as string)).toThrow('the name of a tap expected, got 3');
  });
});

describe('with respect to an intermediate', () => {
  const [x, y] = batchOf(4, 120);

  test('gradients are those of the losses as a function of it', async () => {
    const gradients = perExample(losses)(params, x, y);
    const hidden = gradients.valueAt('hidden');
    const direct = grad((h: Tensor) => sum(softmaxCrossEntropy(linear(h, params.get('w2')), y)))(hidden);
    expectClose(await gradients.at('hidden').materialize().data(), await direct.data(), TOLERANCE, 'slopes');
    const norms = sum(square(direct), { axis: 1 });
    expectClose(await gradients.at('hidden').squaredNorms().data(), await norms.data(), TOLERANCE, 'norms');
    const pairs = matmul(direct, transpose(direct));
    expectClose(await gradients.at('hidden').gram().data(), await pairs.data(), TOLERANCE, 'Gram matrix');
    const factor = matmul(transpose(direct), direct);
    expectClose(
      await gradients.at('hidden').kroneckerFactors().left.data(),
      await factor.data(),
      TOLERANCE,
      'factor',
    );
  });

  test('compiles, and works for a single example', async () => {
    const norms = compile((p: Parameters, a: Tensor, b: Tensor) =>
      perExample(losses)(p, a, b).at('hidden').norms(),
    );
    const [one, label] = batchOf(1, 130);
    const direct = perExample(losses)(params, one, label).at('hidden').norms();
    expect(await (await norms(params, one, label)).data()).toEqual(await direct.data());
  });

  test('a name that is not tapped, tapped twice, or without examples in front is refused', () => {
    expect(() => perExample(losses)(params, x, y).at('hiden')).toThrow("did you mean 'hidden'?");
    const twice = (p: Parameters, a: Tensor, b: Tensor): Tensor => losses(p, tap(tap(a, 'x'), 'x'), b);
    expect(() => perExample(twice)(params, x, y).at('x')).toThrow("'x' is tapped 2 times");
    const across = (p: Parameters, a: Tensor, b: Tensor): Tensor =>
      losses(p, transpose(tap(transpose(a), 'turned')), b);
    expect(() => perExample(across)(params, x, y).at('turned')).toThrow(
      'does not have the 4 examples on axis 0',
    );
    expect(() => tap(x, '')).toThrow('tap: a name expected');
  });
});

const asArray = (values: ArrayLike<number>): number[] => Array.from(values);
