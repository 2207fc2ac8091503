import '../../lib/graph/evaluate';
import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { tensorsOf, withTensors } from '../../lib/graph/tree';
import { softmaxCrossEntropy } from '../../lib/ops/losses/softmaxCrossEntropy';
import { add, mul, square } from '../../lib/ops/elementwise/arithmetic';
import { tanh } from '../../lib/ops/elementwise/math';
import { layerNorm } from '../../lib/ops/norms/layerNorm';
import { linear, matmul } from '../../lib/ops/products/matmul';
import { mean } from '../../lib/ops/reduce/reduce';
import { sum } from '../../lib/ops/reduce/sum';
import { transpose } from '../../lib/ops/shape/transpose';
import { grad } from '../../lib/transforms/grad';
import { hvp } from '../../lib/transforms/hvp';
import { expectClose } from '../support/compare';
import { DIFFERENCE_STEP } from '../support/differences';
import { code } from '../support/errors';
import { directions, sequence } from '../support/sequence';
import { arraysOf, joined, tensorOf } from '../support/tensors';

/** As R3 promises; differences of gradients are good to about 1e-9. */
const TOLERANCE = 1e-5;

const [INPUTS, HIDDEN, CLASSES, EXAMPLES] = [9, 14, 9, 12];

/** A network of about 300 parameters with a tied weight, a norm and a cross-entropy. */
const shapes = {
  'hidden.weight': [HIDDEN, INPUTS],
  'hidden.bias': [HIDDEN],
  'norm.gain': [HIDDEN],
  'norm.bias': [HIDDEN],
  'out.bias': [CLASSES],
  'mix.weight': [HIDDEN - 4, HIDDEN],
} as const;

const random = (shape: readonly number[], seed: number): Tensor =>
  tensorOf(
    directions(
      shape.reduce((size, n) => size * n, 1),
      sequence(seed),
    ),
    shape,
    'float64',
  );

const parameters = new Parameters(
  Object.entries(shapes).map(([name, shape], i) => [name, random(shape, i)] as const),
);
const x = random([EXAMPLES, INPUTS], 50);
const labels = tensor(Int32Array.from({ length: EXAMPLES }, (_, n) => (n * 5) % CLASSES));

/** Logits from the transposed first weight: it is used twice. */
function loss(p: Parameters): Tensor {
  const first = tanh(linear(x, p.get('hidden.weight'), p.get('hidden.bias')));
  const mixed = matmul(tanh(linear(first, p.get('mix.weight'))), p.get('mix.weight'));
  const normal = layerNorm(add(first, mixed), p.get('norm.gain'), p.get('norm.bias'));
  const logits = add(matmul(normal, p.get('hidden.weight')), p.get('out.bias'));
  return mean(softmaxCrossEntropy(logits, labels));
}

/** The parameters end to end, and back. */
const flat = async (tree: Parameters): Promise<number[]> => joined(await arraysOf(tensorsOf(tree)));
function unflat(values: ArrayLike<number>): Parameters {
  let from = 0;
  return parameters.map(({ shape, size }) => {
    const own = Array.from({ length: size }, (_, i) => values[from + i]!);
    from += size;
    return tensorOf(own, shape, 'float64');
  });
}

/** The Hessian by differences of the gradient, column by column. */
async function denseHessian(): Promise<number[][]> {
  const gradient = compile((p: Parameters) => grad(loss)(p));
  const start = await flat(parameters);
  const columns: number[][] = [];
  for (let i = 0; i < start.length; i++) {
    const moved = (step: number): Parameters =>
      unflat(start.map((value, k) => (k === i ? value + step : value)));
    const above = await flat(await gradient(moved(DIFFERENCE_STEP)));
    const below = await flat(await gradient(moved(-DIFFERENCE_STEP)));
    columns.push(above.map((value, k) => (value - below[k]!) / (2 * DIFFERENCE_STEP)));
  }
  return columns;
}

test('equals the dense Hessian of a network with tied weights, in every direction', async () => {
  const hessian = await denseHessian();
  expect(hessian.length).toBeGreaterThan(300);
  const product = compile((v: Parameters) => hvp(loss)(parameters, v));
  for (let round = 0; round < 5; round++) {
    const v = directions(hessian.length, sequence(200 + round));
    const expected = hessian.map((_, k) =>
      hessian.reduce((total, column, i) => total + column[k]! * v[i]!, 0),
    );
    expectClose(await flat(await product(unflat(v))), expected, TOLERANCE, `direction ${round}`);
  }
});

test('is symmetric: <u, H v> = <v, H u>', async () => {
  const [u, v] = [1, 2].map((seed) =>
    parameters.map(({ shape }, name) => random(shape, seed + 10 * name.length)),
  );
  const inner = (a: Parameters, b: Parameters): Tensor =>
    tensorsOf(a)
      .map((part, i) => sum(mul(part, tensorsOf(b)[i]!)))
      .reduce((total, part) => add(total, part));
  const [left, right] = [inner(u!, hvp(loss)(parameters, v!)), inner(v!, hvp(loss)(parameters, u!))];
  expect((await left.item()) / (await right.item())).toBeCloseTo(1, 12);
});

test('equals reverse over reverse', async () => {
  const v = parameters.map(({ shape }, name) => random(shape, name.length));
  const along = grad((p: Parameters) =>
    tensorsOf(grad(loss)(p))
      .map((part, i) => sum(mul(part, tensorsOf(v)[i]!)))
      .reduce((total, part) => add(total, part)),
  )(parameters);
  expectClose(await flat(hvp(loss)(parameters, v)), await flat(along), 1e-12, 'reverse over reverse');
});

test('is exact for a quadratic form', async () => {
  const a = random([4, 4], 3);
  const quadratic = (w: Tensor): Tensor => mul(sum(mul(w, matmul(add(a, transpose(a)), w))), 0.5);
  const [w, v] = [random([4, 1], 1), random([4, 1], 2)];
  const expected = await matmul(add(a, transpose(a)), v).data();
  expectClose(await hvp(quadratic)(w, v).data(), expected, 1e-15, 'quadratic form');
});

test('is zero where the loss is linear, and passes further arguments on', async () => {
  const w = random([3], 1);
  const zero = hvp((p: Tensor, scale: number) => mul(sum(p), scale))(w, w, 5);
  expect([...(await zero.data())]).toEqual([0, 0, 0]);
  const scaled = hvp((p: Tensor, scale: number) => mul(sum(square(p)), scale))(w, w, 5);
  expectClose(
    await scaled.data(),
    [...(await w.data())].map((value) => 10 * value),
    1e-15,
    'scaled',
  );
});

test('refuses a direction of another shape', () => {
  const tree = { w: random([3], 1) };
  const f = ({ w }: typeof tree): Tensor => sum(square(w));
  expect(() => hvp(f)(tree, withTensors(tree, [random([2], 1)]))).toThrow(code('ERR_SHAPE'));
});
