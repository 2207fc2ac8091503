import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads } from '../../lib/native';
import { abs, cast, div, sub } from '../../lib/ops/elementwise';
import { matmul } from '../../lib/ops/products/matmul';
import { max } from '../../lib/ops/reduce/reduce';
import { slice } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';

// X^T X and X X^T of one value are computed up to the diagonal and mirrored; of two equal values as any product.

const bytesOf = async (x: Tensor): Promise<Buffer> => {
  const data = await cast(x, 'float64').data();
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
};

/** Rows and columns of the result, depth, leading axes: around tiles and blocks, and deep enough to be cut. */
const EXTENTS: readonly (readonly [number, number, readonly number[]])[] = [
  [63, 20, []],
  [64, 1, []],
  [65, 33, []],
  [77, 500, [3]],
  [241, 100, []],
  [770, 17, []],
  [513, 1200, []],
  [100, 20000, []],
  [4200, 3, []],
];

const CASES = (['float32', 'float64', 'bfloat16', 'float16'] as const).flatMap((dtype) =>
  EXTENTS.flatMap(([n, depth, leading]) =>
    [true, false].map((columns) => ({ dtype, n, depth, leading, columns })),
  ),
);

test.each(CASES)(
  '$dtype: $n by $n of depth $depth, X^T X: $columns',
  async ({ dtype, n, depth, leading, columns }) => {
    const shape = [...leading, ...(columns ? [depth, n] : [n, depth])];
    const x = await evaluate(cast(normal(key(n + depth), shape), dtype));
    const copy = await evaluate(cast(normal(key(n + depth), shape), dtype));
    const product = (a: Tensor, b: Tensor): Tensor =>
      columns ? matmul(transpose(a), b) : matmul(a, transpose(b));
    setThreads(1);
    const plain = await bytesOf(product(x, copy));
    const alone = await bytesOf(product(x, x));
    setThreads(4);
    const together = await bytesOf(product(x, x));
    expect(alone.equals(plain)).toBe(true);
    expect(together.equals(plain)).toBe(true);
  },
);

test('a stretch of a larger value, against float64', async () => {
  const all = await evaluate(normal(key(7), [400, 130]));
  const part = await evaluate(slice(all, { starts: [37], stops: [337] }));
  const wide = cast(part, 'float64');
  const wideCopy = await evaluate(cast(part, 'float64'));
  const exact = await evaluate(matmul(transpose(wide), wideCopy));
  const found = cast(matmul(transpose(part), part), 'float64');
  const error = div(max(abs(sub(found, exact))), max(abs(exact)));
  expect(await error.item()).toBeLessThan(1e-6);
});

test('two stretches of one value are two values', async () => {
  const all = await evaluate(normal(key(8), [200, 100]));
  const [first, second] = await evaluate([
    slice(all, { stops: [100] }),
    slice(all, { starts: [100], stops: [200] }),
  ]);
  const copies = await evaluate([first, second].map((x) => sub(x, 0)));
  const expected = await bytesOf(matmul(transpose(copies[0] as Tensor), copies[1] as Tensor));
  expect((await bytesOf(matmul(transpose(first), second))).equals(expected)).toBe(true);
});
