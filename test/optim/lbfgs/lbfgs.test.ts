import { tensor } from '../../../lib/graph/create';
import { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { add, cast, div, log, mul, square, sub } from '../../../lib/ops/elementwise/arithmetic';
import { softmaxCrossEntropy } from '../../../lib/ops/losses/softmaxCrossEntropy';
import { matmul } from '../../../lib/ops/products/matmul';
import { mean } from '../../../lib/ops/reduce/reduce';
import { sum } from '../../../lib/ops/reduce/sum';
import { slice } from '../../../lib/ops/shape/slice';
import { direction } from '../../../lib/optim/lbfgs/direction';
import { lbfgs } from '../../../lib/optim/lbfgs/lbfgs';
import { normal } from '../../../lib/random/draw';
import { key } from '../../../lib/random/key';
import { expectClose, relativeError } from '../../support/compare';
import { memoryAtRest } from '../../support/garbage';

const double = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });

/** `sum 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2`, whose valley is bent. */
const rosenbrock = (x: Tensor): Tensor => {
  const [head, tail] = [slice(x, { stops: [-1] }), slice(x, { starts: [1] })];
  return sum(add(mul(square(sub(tail, square(head))), 100), square(sub(1, head))));
};

describe('lbfgs', () => {
  it('finds the minimum of a bent valley, as fast as SciPy', async () => {
    const found = await lbfgs(rosenbrock, double([-1.2, 1, -1.2, 1]), {
      tolerance: 1e-8,
      changeTolerance: 0,
    });
    expect(found.end).toBe('gradient');
    expectClose(await found.params.data(), [1, 1, 1, 1], 1e-8, 'minimum');
    expect(found.value).toBeLessThan(1e-15);
    expect(found.gradient).toBeLessThanOrEqual(1e-8);
    // SciPy's L-BFGS-B needs 42 steps and 48 evaluations.
    expect(found.steps).toBeLessThan(60);
    expect(found.evaluations).toBeLessThan(75);
  });

  it('minimises a long narrow quadratic in few steps', async () => {
    const scales = double([1, 10, 100, 1000, 3]);
    const found = await lbfgs((x: Tensor) => sum(mul(scales, square(sub(x, 1)))), double([0, 0, 0, 0, 0]), {
      changeTolerance: 0,
    });
    expect(found.end).toBe('gradient');
    // SciPy needs 27; going down the slope, thousands.
    expect(found.steps).toBeLessThan(40);
  });

  it('takes trees of several dtypes, and leaves the start as it is', async () => {
    const params = new Parameters([
      ['w', mul(normal(key(1), [3, 2]), 0.1)],
      ['b', double([0, 0])],
    ]);
    const x = normal(key(2), [50, 3]);
    const y = tensor(Int32Array.from({ length: 50 }, (_, i) => Number(i % 3 === 0)));
    const loss = (p: Parameters): Tensor =>
      add(
        mean(softmaxCrossEntropy(add(matmul(x, p.get('w')), cast(p.get('b'), 'float32')), y)),
        mul(sum(square(p.get('w'))), 0.01),
      );
    const before = await params.get('w').data();
    const found = await lbfgs(loss, params, { tolerance: 1e-4 });
    expect(found.end).toBe('gradient');
    expect([...found.params].map(([name, { shape, dtype }]) => ({ name, shape, dtype }))).toEqual([
      { name: 'w', shape: [3, 2], dtype: 'float32' },
      { name: 'b', shape: [2], dtype: 'float64' },
    ]);
    expect(await params.get('w').data()).toEqual(before);
    expect(await loss(found.params).item()).toBeCloseTo(found.value, 5);
  });

  it('turns back from where the function is not defined', async () => {
    // log of what is negative beyond 1.
    const barrier = (x: Tensor): Tensor => sub(sum(mul(log(sub(1, x)), -1)), mul(sum(x), 1e3));
    const found = await lbfgs(barrier, double([0]), { tolerance: 1e-4 });
    expect(await found.params.item()).toBeCloseTo(1 - 1e-3, 9);
  });

  it.each([
    ['gradient', { tolerance: 1 }, 0],
    ['steps', { maxSteps: 3 }, 3],
    ['change', { changeTolerance: 0.5 }, undefined],
  ] as const)('ends by its %s', async (end, options, steps) => {
    const start = end === 'gradient' ? [1, 1.0001] : [-1.2, 1];
    const found = await lbfgs(rosenbrock, double(start), options);
    expect(found.end).toBe(end);
    if (steps !== undefined) expect(found.steps).toBe(steps);
  });

  it('ends when rounding is all there is', async () => {
    const params = tensor([3, 4]);
    const flat = (x: Tensor): Tensor => add(mul(sum(square(x)), 1e-3), 1e6);
    const { end, value } = await lbfgs(flat, params, { tolerance: 0, changeTolerance: 0 });
    expect(['lineSearch', 'gradient', 'change']).toContain(end);
    expect(value).toBe(1e6);
  });

  it('reports its steps, can be aborted, and leaves nothing behind', async () => {
    const start = double([-1.2, 1]);
    await start.data();
    const rest = await memoryAtRest();
    const done: number[] = [];
    const found = await lbfgs(
      rosenbrock,
      start,
      { maxSteps: 4 },
      { onProgress: (p) => void done.push(p.done) },
    );
    expect(done).toEqual([1, 2, 3, 4]);
    found.params.dispose();
    expect((await memoryAtRest()).liveBytes).toBeLessThanOrEqual(rest.liveBytes);
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    const running = lbfgs(rosenbrock, start, {}, { signal: controller.signal, onProgress });
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect((await memoryAtRest()).liveBytes).toBeLessThanOrEqual(rest.liveBytes);
  });

  it('refuses a start that is not finite, and bad options', async () => {
    const start = double([0]);
    await expect(lbfgs((x: Tensor) => sum(div(1, x)), start)).rejects.toMatchObject({
      code: 'ERR_NOT_FINITE',
    });
    await expect(lbfgs(sum, start, { memory: 0 })).rejects.toThrow('memory must be an integer from 1, got 0');
    await expect(lbfgs(sum, start, { step: 1 } as object)).rejects.toThrow("unknown option 'step'");
    await expect(lbfgs(() => tensor(0), {})).rejects.toThrow('there are no parameters');
  });
});

describe('the direction', () => {
  const n = 4;
  const vector = (seed: number): number[] =>
    Array.from({ length: n }, (_, i) => Math.sin(seed * 7.3 + i * 2.1));
  const steps = [1, 2, 3].map(vector);
  // Changes of a quadratic's gradient: curvature is positive.
  const changes = steps.map((s) => s.map((x, i) => (i + 1) * x + 0.1 * s.reduce((a, b) => a + b)));
  const inner = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((t, x, i) => t + x * b[i]!, 0);

  /** The inverse Hessian of BFGS as a matrix, updated pair by pair (Nocedal and Wright 2006, 6.17). */
  function byMatrix(gradient: readonly number[]): number[] {
    const gamma = inner(steps[2]!, changes[2]!) / inner(changes[2]!, changes[2]!);
    let h = vector(0).map((_, i) => vector(0).map((__, j) => (i === j ? gamma : 0)));
    steps.forEach((s, k) => {
      const y = changes[k]!;
      const rho = 1 / inner(s, y);
      const left = s.map((si, i) => y.map((yj, j) => Number(i === j) - rho * si * yj));
      const product = left.map((row) =>
        h[0]!.map((_, j) =>
          inner(
            row,
            h.map((r) => r[j]!),
          ),
        ),
      );
      h = product.map((row, i) => left.map((other, j) => inner(row, other) + rho * s[i]! * s[j]!));
    });
    return h.map((row) => -inner(row, gradient));
  }

  const pairs = steps.map((s, k) => ({ step: double(s), change: double(changes[k]!) }));

  it('is that of the matrix', async () => {
    const gradient = vector(9);
    expectClose(await direction(double(gradient), pairs).data(), byMatrix(gradient), 1e-13, 'direction');
    expect([...(await direction(double(gradient), []).data())]).toEqual(gradient.map((x) => -x));
  });

  it('depends on the order of the pairs', async () => {
    const gradient = vector(9);
    const other = await direction(double(gradient), [...pairs].reverse()).data();
    expect(relativeError(other, byMatrix(gradient))).toBeGreaterThan(1e-3);
  });
});
