import { compile } from '../../../lib/graph/compile';
import { estimate } from '../../../lib/graph/cost/estimate';
import { evaluate } from '../../../lib/graph/evaluate';
import { flopsOf } from '../../../lib/graph/flops';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { nodesInOrder } from '../../../lib/graph/lowering/walk';
import { memory, resetPeakMemory, trimMemory } from '../../../lib/native';
import { add, mul, square, zeros } from '../../../lib/ops/elementwise/arithmetic';
import { relu, tanh } from '../../../lib/ops/elementwise/math';
import { conv2d } from '../../../lib/ops/networks/conv2d';
import { matmul } from '../../../lib/ops/products/matmul';
import { sum } from '../../../lib/ops/reduce/sum';
import { reshape } from '../../../lib/ops/shape/reshape';
import { transpose } from '../../../lib/ops/shape/transpose';
import { normal } from '../../../lib/random/draw';
import { key } from '../../../lib/random/key';
import { grad } from '../../../lib/transforms/grad';
import { dtypesOf, inputsOf, outputsOf } from '../../ops/row';
import { table } from '../../ops/table';
import { memoryAtRest } from '../../support/garbage';

const float32 = (...shape: number[]) => ({ shape, dtype: 'float32' as const });

describe('estimate', () => {
  it('counts a multiply-add as two operations', () => {
    expect(estimate(matmul, [float32(3, 5), float32(5, 7)]).flops).toBe(2 * 3 * 5 * 7);
    const transposed = estimate(
      (a: Tensor, b: Tensor) => matmul(transpose(a), b),
      [float32(5, 3), float32(5, 7)],
    );
    expect(transposed.flops).toBe(2 * 3 * 5 * 7);
    const images = estimate(
      (x: Tensor, w: Tensor) => conv2d(x, w, { padding: 1 }),
      [float32(2, 3, 8, 8), float32(4, 3, 3, 3)],
    );
    expect(images.flops).toBe(2 * (2 * 4 * 8 * 8) * (3 * 3 * 3));
  });

  it('counts a chain as one step that reads and writes once', () => {
    const { steps, flops, bytesRead, bytesWritten, byOp } = estimate(
      (x: Tensor) => tanh(add(mul(x, x), 1)),
      [float32(10, 10)],
    );
    expect({ steps, flops, bytesRead, bytesWritten }).toEqual({
      steps: 1,
      flops: 300,
      bytesRead: 400,
      bytesWritten: 400,
    });
    expect(byOp.map(({ op, count }) => ({ op, count }))).toEqual([{ op: 'mul+add+tanh', count: 1 }]);
  });

  it('has no price for a view', () => {
    const { steps, flops, peakBytes, outputBytes } = estimate(
      (x: Tensor) => reshape(x, [100]),
      [float32(10, 10)],
    );
    expect({ steps, flops, outputBytes }).toEqual({ steps: 0, flops: 0, outputBytes: 0 });
    expect(peakBytes).toBeGreaterThanOrEqual(400);
  });

  it('takes specs anywhere in the arguments, allocates nothing, and knows the parameters', () => {
    const before = memory().liveBytes;
    const params = new Parameters([['w', zeros([1 << 14, 1 << 14])]]);
    const { parametersBytes, flops } = estimate(
      ({ x }: { x: Tensor }, theta: Parameters) => matmul(x, theta.get('w')),
      [{ x: float32(8, 1 << 14) }, params],
    );
    expect(parametersBytes).toBe(4 * 2 ** 28);
    expect(flops).toBe(2 * 8 * 2 ** 28);
    expect(memory().liveBytes).toBeLessThanOrEqual(before);
  });

  it('is the same for the compiled function and builds no program', () => {
    const fn = (x: Tensor) => grad((theta: Tensor) => sum(square(tanh(theta))))(x);
    const compiled = compile(fn);
    expect(compiled.estimate(float32(20, 30))).toEqual(estimate(fn, [float32(20, 30)]));
    expect(compiled.programCount).toBe(0);
  });

  it('turns into seconds by the slower of arithmetic and traffic', () => {
    const product = estimate(matmul, [float32(100, 100), float32(100, 100)]);
    expect(product.secondsAt({ flopsPerSecond: 2e6, bytesPerSecond: 1e30 })).toBeCloseTo(1, 12);
    expect(product.secondsAt({ flopsPerSecond: 1e30, bytesPerSecond: 120_000 })).toBeCloseTo(1, 12);
    expect(() => product.secondsAt({ flopsPerSecond: 0, bytesPerSecond: 1 })).toThrow(
      'secondsAt: flopsPerSecond must be positive, got 0',
    );
  });

  it('prints a table', () => {
    expect(String(estimate((x: Tensor) => relu(x), [float32(1024)]))).toBe(
      [
        'op    count  operations      read   written',
        'relu      1  1.02 kFLOP  4.00 KiB  4.00 KiB',
        '1 steps, 1.02 kFLOP, 4.00 KiB read, 4.00 KiB written, peak 8.00 KiB',
      ].join('\n'),
    );
  });

  it('refuses what is no shape and no dtype', () => {
    expect(() => estimate(relu, [{ shape: [-1], dtype: 'float32' }])).toThrow('estimate: a shape');
    expect(() => estimate(relu, [{ shape: [1], dtype: 'float31' as 'float32' }])).toThrow('estimate: dtype');
  });
});

describe('the peak of an estimate', () => {
  /** What the packed panels of products may take: more would be a leak of temporaries. */
  const PANELS = 8 << 20;

  async function measured(fn: (x: Tensor) => Tensor, x: Tensor): Promise<number> {
    const compiled = compile(fn);
    await memoryAtRest();
    // A cached block may be a quarter larger than what is asked for.
    trimMemory();
    const others = memory().liveBytes - estimate((y: Tensor) => y, [x]).inputBytes;
    resetPeakMemory();
    (await compiled(x)).dispose();
    return memory().peakBytes - others;
  }

  const x = normal(key(1), [600, 500]);
  const chains = (y: Tensor): Tensor => {
    const turned = transpose(tanh(y));
    const [once, twice] = [transpose(square(turned)), transpose(add(turned, 1))];
    return add(mul(once, y), twice);
  };

  it('is exactly what the executor holds when no kernel needs scratch', async () => {
    await evaluate(x);
    expect(await measured(chains, x)).toBe(estimate(chains, [x]).peakBytes);
  });

  it('leaves out only the panels of products', async () => {
    await evaluate(x);
    const network = (y: Tensor): Tensor => {
      const hidden = relu(matmul(y, transpose(y)));
      return matmul(relu(matmul(hidden, y)), transpose(relu(y)));
    };
    const { peakBytes } = estimate(network, [x]);
    const peak = await measured(network, x);
    expect(peak).toBeGreaterThanOrEqual(peakBytes);
    expect(peak - peakBytes).toBeLessThanOrEqual(PANELS);
  });
});

test.each(table.map((row) => [row.name, row] as const))('the operations of %s are a count', (_name, row) => {
  const [dtype] = dtypesOf(row);
  for (const of of row.cases) {
    for (const { op, inputs, outputs, attributes } of nodesInOrder(
      outputsOf(row, inputsOf(of, dtype!), of.options),
    )) {
      const flops = flopsOf(op, inputs, outputs, attributes);
      expect(Number.isSafeInteger(flops) && flops >= 0).toBe(true);
    }
  }
});
