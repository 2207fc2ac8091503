import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { choleskySolve, triangularSolve } from '../../lib/linalg';
import { setThreads } from '../../lib/native';
import { abs, add, cast, mul, sub } from '../../lib/ops/elementwise';
import { matmul } from '../../lib/ops/products/matmul';
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
