import '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads, threads } from '../../lib/native';
import { add, cast } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { broadcastTo } from '../../lib/ops/reduce/sum';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, splitKey } from '../../lib/random';

// Products with few rows or columns have loops of their own: long enough sums to be cut in chunks, and extents that are
// no multiples of vectors.
const [WIDTH, DEPTH] = [37, 4500];

const numbersOf = async (x: Tensor): Promise<Float64Array> =>
  Float64Array.from(await cast(x, 'float64').data());

/** Entry [b, i, j] by the definition, for operands [batches or 1, ...]. */
async function reference(a: Tensor, b: Tensor): Promise<Float64Array> {
  const [left, right] = await Promise.all([numbersOf(a), numbersOf(b)]);
  const [batches, rows, depth, columns] = [
    Math.max(a.shape[0]!, b.shape[0]!),
    a.shape[1]!,
    a.shape[2]!,
    b.shape[2]!,
  ];
  const out = new Float64Array(batches * rows * columns);
  for (let n = 0; n < batches; n++) {
    const [i0, j0] = [a.shape[0] === 1 ? 0 : n * rows * depth, b.shape[0] === 1 ? 0 : n * depth * columns];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += left[i0 + i * depth + k]! * right[j0 + k * columns + j]!;
        out[(n * rows + i) * columns + j] = sum;
      }
    }
  }
  return out;
}

/** Errors of sums of DEPTH products of normal numbers, which are as large as the root of DEPTH. */
const TOLERANCE = { float32: 2e-4, float64: 2e-12 } as const;

async function expectClose(actual: Tensor, expected: Float64Array, tolerance: number): Promise<void> {
  const values = await numbersOf(actual);
  expect(values.length).toBe(expected.length);
  const error = values.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(error).toBeLessThan(tolerance);
}

describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
  const [first, second, third] = splitKey(key(1), 3) as [Tensor, Tensor, Tensor];

  test.each([1, 2, 3, 5, 8])('%i rows or columns, with either side as it is or turned', async (thin) => {
    const narrow = normal(first, [1, thin, DEPTH], { dtype });
    const wide = normal(second, [1, DEPTH, WIDTH], { dtype });
    const expected = await reference(narrow, wide);
    const turnedExpected = await reference(transpose(wide), transpose(narrow));
    const narrowTurned = normal(first, [1, DEPTH, thin], { dtype });
    const wideTurned = normal(second, [1, WIDTH, DEPTH], { dtype });
    const tolerance = TOLERANCE[dtype];
    await expectClose(matmul(narrow, wide), expected, tolerance);
    await expectClose(matmul(transpose(wide), transpose(narrow)), turnedExpected, tolerance);
    const others = await reference(transpose(narrowTurned), transpose(wideTurned));
    await expectClose(matmul(transpose(narrowTurned), transpose(wideTurned)), others, tolerance);
    const otherWay = await reference(wideTurned, narrowTurned);
    await expectClose(matmul(wideTurned, narrowTurned), otherWay, tolerance);
  });

  test('many of them, with a side for all, and a bias', async () => {
    const a = normal(first, [3, 4, DEPTH], { dtype });
    const b = normal(second, [3, DEPTH, WIDTH], { dtype });
    await expectClose(matmul(a, b), await reference(a, b), TOLERANCE[dtype]);
    const shared = normal(third, [1, WIDTH, DEPTH], { dtype });
    const columns = normal(second, [3, DEPTH, 2], { dtype });
    await expectClose(matmul(shared, columns), await reference(shared, columns), TOLERANCE[dtype]);
    const bias = normal(third, [WIDTH], { dtype });
    const one = normal(first, [1, 2, DEPTH], { dtype });
    const right = normal(second, [1, DEPTH, WIDTH], { dtype });
    const product = await reference(one, right);
    const biases = await numbersOf(broadcastTo(bias, [2, WIDTH]));
    await expectClose(
      add(matmul(one, right), bias),
      product.map((value, i) => value + biases[i]!),
      TOLERANCE[dtype],
    );
  });
});

test('has the same bits on one thread and on two', async () => {
  const before = threads();
  const results: number[][] = [];
  for (const count of [1, 2]) {
    setThreads(count);
    const a = normal(key(3), [5, 3000]);
    const b = normal(key(4), [3000, 700]);
    results.push([
      ...(await numbersOf(matmul(a, b))),
      ...(await numbersOf(matmul(transpose(b), transpose(a)))),
    ]);
  }
  setThreads(before);
  expect(results[0]).toEqual(results[1]);
});
