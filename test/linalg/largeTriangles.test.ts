import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { cholesky, choleskySolve, triangularSolve } from '../../lib/linalg';
import { setThreads } from '../../lib/native';
import { abs, add, cast, div, equal, mul, sub } from '../../lib/ops/elementwise';
import { matmul } from '../../lib/ops/products/matmul';
import { arange } from '../../lib/ops/indexing/iota';
import { max } from '../../lib/ops/reduce/reduce';
import { eye, tril, triu } from '../../lib/ops/shape/triangle';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';

// Large systems are solved in blocks of 192 rows: 801 has a short last one.
const ROWS = 801;

const SETTINGS = [true, false].flatMap((lower) =>
  [true, false].flatMap((transposed) => [8, 70].map((columns) => ({ lower, transposed, columns }))),
);

const bytesOf = async (x: Tensor): Promise<Buffer> => Buffer.from((await x.data()).buffer);

/** A well-conditioned matrix whose other triangle must not matter. */
const matrix = (): Tensor => add(mul(normal(key(1), [ROWS, ROWS]), 0.3 / Math.sqrt(ROWS)), eye(ROWS));

test.each(SETTINGS)('lower $lower, transposed $transposed, $columns right sides', async (setting) => {
  const { lower, transposed, columns } = setting;
  const [t, y] = await evaluate([
    cast(matrix(), 'float64'),
    cast(normal(key(2), [ROWS, columns]), 'float64'),
  ]);
  const solved = (): Tensor => triangularSolve(t, y, { lower, transposed });
  setThreads(1);
  const alone = await evaluate(solved());
  setThreads(4);
  const together = await evaluate(solved());
  expect((await bytesOf(together)).equals(await bytesOf(alone))).toBe(true);
  const triangle = lower ? tril(t) : triu(t);
  const residual = sub(matmul(transposed ? transpose(triangle) : triangle, alone), y);
  expect(await max(abs(residual)).item()).toBeLessThan(1e-12);
});

test('a factor of a large matrix, in both directions', async () => {
  const l = await evaluate(cast(tril(matrix()), 'float64'));
  const y = await evaluate(cast(normal(key(3), [ROWS, 33]), 'float64'));
  const residual = sub(matmul(matmul(l, transpose(l)), choleskySolve(l, y)), y);
  expect(await max(abs(residual)).item()).toBeLessThan(1e-11);
});

/** Sizes on both sides of blocks of 32 and 128 rows, and of where threads divide the work. */
test.each([95, 96, 97, 129, 384, 416, ROWS])('a factor of %i rows, the same for any threads', async (n) => {
  const rows = normal(key(n), [2 * n, n]);
  const made = div(matmul(transpose(rows), rows), 2 * n);
  for (const dtype of ['float32', 'float64'] as const) {
    const a = await evaluate(cast(made, dtype));
    setThreads(1);
    const l = await evaluate(cholesky(a));
    setThreads(4);
    expect((await bytesOf(cholesky(a))).equals(await bytesOf(l))).toBe(true);
    expect(await max(abs(sub(l, tril(l)))).item()).toBe(0);
    const wide = cast(l, 'float64');
    const residual = sub(matmul(wide, transpose(wide)), cast(a, 'float64'));
    // Entries of a are at most about 1; a factorisation's roundings add up to a few units in the last place.
    expect(await max(abs(residual)).item()).toBeLessThan(dtype === 'float32' ? 5e-6 : 1e-14);
  }
});

test.each([40, 127, 128, 300])('the first pivot that is not positive is named: %i', async (row) => {
  const a = await evaluate(sub(eye(400), mul(eye(400), scaled(row))));
  await expect(cholesky(a).data()).rejects.toMatchObject({
    code: 'ERR_NOT_POSITIVE_DEFINITE',
    message: expect.stringContaining(`row ${row} `) as string,
  });
});

/** Two in the column of this number, else zero. */
const scaled = (row: number): Tensor => mul(cast(equal(arange(0, 400), row), 'float32'), 2);
