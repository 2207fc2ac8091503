import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { fuse } from '../../lib/graph/lowering/fuse';
import { lower } from '../../lib/graph/lowering/lower';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads } from '../../lib/native';
import { cast, mul, sub } from '../../lib/ops/elementwise';
import { softmaxCrossEntropy } from '../../lib/ops/losses';
import { softmax } from '../../lib/ops/networks';
import { sum } from '../../lib/ops/reduce/sum';
import { key, normal } from '../../lib/random';
import { grad, valueAndGrad } from '../../lib/transforms/grad';
import { vjp } from '../../lib/transforms/vjp';

const kernelsOf = (...outputs: Tensor[]): string[] => fuse(lower(outputs)).map(({ kernel }) => kernel);

const bytesOf = async (x: Tensor): Promise<Buffer> => {
  const { buffer, byteOffset, byteLength } = (await x.data()) as Float32Array;
  return Buffer.from(buffer, byteOffset, byteLength);
};

const labelsOf = (rows: number, classes: number): Tensor =>
  tensor(Int32Array.from({ length: rows }, (_, i) => (i * 7919) % classes));

const distance = async (found: Tensor, expected: Tensor): Promise<number> => {
  const [a, b] = [await cast(found, 'float64').data(), await expected.data()];
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
};

// Rows shorter than a vector, ends inside of one, rows longer than a stretch that is looked through twice, and results that
// go past the caches from rows that begin anywhere.
const ROWS = [
  [3, 7],
  [5, 65],
  [2, 4099],
  [1031, 2053],
] as const;
const CASES = ROWS.flatMap((shape) => (['float32', 'float64'] as const).map((dtype) => ({ shape, dtype })));
/** Of numbers up to 10 or so, in units of their rounding. */
const tolerance = (dtype: 'float32' | 'float64'): number => 64 * (dtype === 'float32' ? 2 ** -24 : 2 ** -52);

async function threadsAgree(compute: () => Promise<Tensor>): Promise<Tensor> {
  setThreads(1);
  const alone = await compute();
  setThreads(4);
  expect((await bytesOf(await compute())).equals(await bytesOf(alone))).toBe(true);
  return alone;
}

describe.each(CASES)('of $shape, $dtype', ({ shape, dtype }) => {
  const draw = (seed: number, scale: number): Tensor => cast(mul(normal(key(seed), shape), scale), dtype);

  test('the gradient of a softmax that nobody reads comes from its scores', async () => {
    const [x, g] = [await evaluate(draw(1, 3)), await evaluate(draw(2, 1))];
    const pulled = (scores: Tensor, slope: Tensor): Tensor => vjp(softmax, scores).pull(slope);
    expect(kernelsOf(pulled(x, g))).toEqual(['softmaxGradOfScores']);
    const both = vjp(softmax, x);
    expect(kernelsOf(both.value, both.pull(g))).toEqual(['softmax', 'softmaxGrad']);
    const run = compile(pulled);
    const found = await threadsAgree(() => run(x, g));
    const kept = compile((scores: Tensor, slope: Tensor) => {
      const { value, pull } = vjp(softmax, scores);
      return [value, pull(slope)] as const;
    });
    const [y, dx] = await kept(x, g);
    // In float64 from the definition, one step after the other.
    const wide = await evaluate(softmax(cast(x, 'float64')));
    const up = await evaluate(cast(g, 'float64'));
    const dot = await evaluate(sum(mul(wide, up), { axis: -1, keepDims: true }));
    const expected = await evaluate(mul(wide, sub(up, dot)));
    expect(await distance(y, wide)).toBeLessThan(tolerance(dtype));
    expect(await distance(found, expected)).toBeLessThan(tolerance(dtype));
    expect(await distance(dx, expected)).toBeLessThan(tolerance(dtype));
  });

  test.each([0, 0.1])(
    'losses and their gradient are one instruction, smoothing %d',
    async (labelSmoothing) => {
      const labels = labelsOf(shape[0], shape[1]);
      const x = await evaluate(draw(4, 3));
      const loss = (scores: Tensor): Tensor => sum(softmaxCrossEntropy(scores, labels, { labelSmoothing }));
      const { value, grad: slope } = valueAndGrad(loss)(x);
      const kernels = kernelsOf(value, slope);
      expect(kernels).toContain('softmaxCrossEntropyGrad');
      expect(kernels).not.toContain('softmaxCrossEntropy');
      const together = compile((scores: Tensor) => valueAndGrad(loss)(scores));
      const [losses, slopes] = [compile(loss), compile(grad(loss))];
      const alone = await threadsAgree(async () => (await together(x)).grad);
      expect((await bytesOf(await slopes(x))).equals(await bytesOf(alone))).toBe(true);
      expect((await bytesOf(await losses(x))).equals(await bytesOf((await together(x)).value))).toBe(true);
    },
  );
});

test('a gradient that depends on its losses leaves them an instruction of their own', async () => {
  const x = await evaluate(normal(key(5), [4, 9]));
  const labels = labelsOf(4, 9);
  const squared = (scores: Tensor): Tensor => {
    const losses = softmaxCrossEntropy(scores, labels);
    return sum(mul(losses, losses));
  };
  const kernels = kernelsOf(grad(squared)(x));
  expect(kernels).toContain('softmaxCrossEntropy');
  expect(kernels).toContain('softmaxCrossEntropyGrad');
});

test.each([
  ['a row of nothing but -Infinity', 'none'],
  ['-Infinity for longer than a stretch, then numbers', 'late'],
  ['NaN behind a stretch of -Infinity', 'nan'],
  ['a stretch of numbers, then larger ones', 'larger'],
] as const)('long rows: %s', async (_what, kind) => {
  const n = 5000;
  const values = new Float64Array(n).fill(-Infinity);
  if (kind === 'late') values.fill(2, 4100);
  if (kind === 'nan') values[3000] = NaN;
  if (kind === 'larger') values.forEach((_, i) => (values[i] = i < 2500 ? -3 : i / 1000));
  for (const dtype of ['float32', 'float64'] as const) {
    const x = cast(tensor(values, { shape: [1, n] }), dtype);
    const label = tensor(new Int32Array([4900]));
    const [loss] = await softmaxCrossEntropy(x, label).data();
    const stored = Array.from(await cast(x, 'float64').data());
    const top = Math.max(...stored);
    const expected =
      Math.log(stored.reduce((total, v) => total + Math.exp(v - top), 0)) + top - stored[4900]!;
    if (Number.isNaN(expected)) expect(loss).toBeNaN();
    else
      expect(Math.abs((loss as number) - expected)).toBeLessThan(
        64 * (dtype === 'float32' ? 2 ** -22 : 2 ** -50),
      );
  }
});
