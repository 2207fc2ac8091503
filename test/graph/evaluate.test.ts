import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { nodesInOrder } from '../../lib/graph/lowering/walk';
import { memory } from '../../lib/native';
import { add, mul, sub } from '../../lib/ops/elementwise/arithmetic';
import { relu, tanh } from '../../lib/ops/elementwise/math';
import { matmul } from '../../lib/ops/products/matmul';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { sum } from '../../lib/ops/reduce/sum';
import { take } from '../../lib/ops/indexing/take';
import { transpose } from '../../lib/ops/shape/transpose';
import { code } from '../support/errors';
import { expectSameBits } from '../support/compare';
import { memoryAtRest } from '../support/garbage';
import { directions, sequence } from '../support/sequence';
import { tensorOf } from '../support/tensors';

/** Something that takes a while: a line of products. */
function slow(steps: number): Tensor {
  const x = tensor(new Float32Array(512 * 512).fill(1 / 512), { shape: [512, 512] });
  let y = x;
  for (let i = 0; i < steps; i++) y = matmul(y, x);
  return y;
}

test('computes all tensors of a tree', async () => {
  const x = tensor([1, 2]);
  const tree = await evaluate({ a: add(x, 1), b: [mul(x, 2), 7], c: null });
  expect(tree.a.evaluated && (tree.b[0] as Tensor).evaluated).toBe(true);
  expect(await tree.a.data()).toEqual(Float32Array.of(2, 3));
});

test('gives one result for a tensor that is asked for several times', async () => {
  const y = add(tensor([1, 2]), 1);
  const before = (await memoryAtRest()).handles;
  await evaluate([y, y, reshape(y, [2, 1])]);
  expect(memory().handles).toBe(before + 1);
});

test('runs several evaluations at once', async () => {
  const x = tensor([1, 2, 3]);
  const results = await Promise.all([1, 2, 3, 4, 5].map((i) => mul(x, i).data()));
  expect(results.map((values) => values[2])).toEqual([3, 6, 9, 12, 15]);
});

test('may compute a tensor in two evaluations at once', async () => {
  const y = add(tensor([1, 2]), 1);
  const [a, b] = await Promise.all([evaluate([y]), y.data()]);
  expect(await a[0]!.data()).toEqual(b);
});

test('may lose an input while it runs', async () => {
  const x = tensor(new Float32Array(1000).fill(2));
  const y = matmul(reshape(x, [1, 1000]), reshape(x, [1000, 1]));
  const running = y.data();
  x.dispose();
  expect([...(await running)]).toEqual([4000]);
});

test('may lose an output while it runs', async () => {
  const y = slow(2);
  const running = evaluate(y);
  y.dispose();
  await running;
  expect(y.evaluated).toBe(false);
});

test('reports an index outside the table, with its place', async () => {
  const rows = take(tensor([[1], [2]]), tensor([0, 2], { dtype: 'int32' }));
  await expect(rows.data()).rejects.toMatchObject({
    code: 'ERR_INDEX',
    message: expect.stringContaining('index 2 at position 1') as unknown,
  });
  expect(rows.evaluated).toBe(false);
});

describe('a signal', () => {
  test('that fires before leaves everything as it was', async () => {
    const y = slow(1);
    await expect(evaluate(y, { signal: AbortSignal.abort() })).rejects.toEqual(code('ERR_ABORTED'));
    expect([y.evaluated, y.node === undefined]).toEqual([false, false]);
  });

  test('that fires underway stops the run, which may be started again', async () => {
    const controller = new AbortController();
    const y = slow(2000);
    const running = evaluate(y, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toEqual(code('ERR_ABORTED'));
    expect(y.evaluated).toBe(false);
    expect(await slice(slow(2), { stops: [1, 1] }).data()).toHaveLength(1);
  });

  test('stops one of several runs', async () => {
    const controller = new AbortController();
    const stopped = evaluate(slow(2000), { signal: controller.signal });
    const other = slow(3).data();
    controller.abort();
    await expect(stopped).rejects.toEqual(code('ERR_ABORTED'));
    expect((await other)[0]).toBeCloseTo(1 / 512);
  });

  test('leaves no memory behind', async () => {
    const before = await memoryAtRest();
    const controller = new AbortController();
    const y = slow(2000);
    const running = evaluate(y, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toEqual(code('ERR_ABORTED'));
    for (const node of nodesInOrder([y])) for (const input of node.inputs) input.dispose();
    expect(memory().liveBytes).toBeLessThanOrEqual(before.liveBytes);
  });
});

/** A random graph over square matrices; every op keeps the shape. */
function randomGraph(
  seed: number,
  leaves: readonly Tensor[],
): { node: Tensor; eager: () => Promise<Tensor> }[] {
  const next = sequence(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const made = leaves.map((leaf) => ({ node: leaf, eager: () => Promise.resolve(leaf) }));
  const unary: ((x: Tensor) => Tensor)[] = [
    tanh,
    relu,
    (x) => mul(x, 0.5),
    (x) => transpose(x),
    (x) => reshape(transpose(reshape(x, [2, 2, 4]), [1, 0, 2]), [4, 4]),
    (x) => sub(x, sum(x, { axis: 0, keepDims: true })),
    (x) => slice(x, { steps: [-1] }),
  ];
  const binary: ((a: Tensor, b: Tensor) => Tensor)[] = [
    add,
    sub,
    mul,
    (a, b) => mul(matmul(a, b), 0.25),
    (a, b) => add(a, sum(b, { axis: 1, keepDims: true })),
  ];
  for (let i = 0; i < 30; i++) {
    const [a, b] = [pick(made), pick(made)];
    const op = next() < 0.5 ? pick(unary) : pick(binary);
    let known: Promise<Tensor> | undefined;
    const eager = (): Promise<Tensor> =>
      (known ??= (async () => evaluate(op(await a.eager(), await b.eager())))());
    made.push({ node: op(a.node, b.node), eager });
  }
  return made;
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'graph %i has the same bits as step by step',
  async (seed) => {
    const leaves = [1, 2, 3].map((k) =>
      tensorOf(directions(16, sequence(1000 * k + seed)), [4, 4], 'float64'),
    );
    const graph = randomGraph(seed, leaves);
    const chosen = graph.filter((_, i) => i === graph.length - 1 || i % 9 === seed % 9);
    await evaluate(chosen.map(({ node }) => node));
    for (const { node, eager } of chosen) {
      expectSameBits(await node.data(), await (await eager()).data(), `graph ${seed}`);
    }
  },
);
