import { compile } from '../../lib/graph/compile';
import { evaluate } from '../../lib/graph/evaluate';
import { lower } from '../../lib/graph/lowering/lower';
import { fuse } from '../../lib/graph/lowering/fuse';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads } from '../../lib/native';
import { add, cast, mul } from '../../lib/ops/elementwise';
import { matmul } from '../../lib/ops/products/matmul';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';

const matrix = (seed: number, rows: number, columns: number, dtype: 'float32' | 'float64'): Tensor =>
  cast(normal(key(seed), [rows, columns]), dtype);

const kernelsOf = (...outputs: Tensor[]): string[] => fuse(lower(outputs)).map(({ kernel }) => kernel);

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly dtype: 'float32' | 'float64';
  readonly flipped?: boolean;
}

// Ends of rows and columns inside of tiles, ranks with loops of their own, and results larger than the caches.
const CASES: readonly Case[] = [
  { rows: 300, columns: 517, depth: 1, dtype: 'float32' },
  { rows: 300, columns: 517, depth: 2, dtype: 'float64' },
  { rows: 301, columns: 519, depth: 3, dtype: 'float32', flipped: true },
  { rows: 256, columns: 256, depth: 4, dtype: 'float32' },
  { rows: 17, columns: 4111, depth: 17, dtype: 'float64', flipped: true },
  { rows: 4111, columns: 16, depth: 64, dtype: 'float32' },
  { rows: 2053, columns: 1104, depth: 128, dtype: 'float32' },
  { rows: 2053, columns: 1104, depth: 1, dtype: 'float32', flipped: true },
  { rows: 1029, columns: 1032, depth: 4, dtype: 'float64' },
];

test.each(CASES)(
  '$rows x $columns plus a product of depth $depth, $dtype: one instruction, the sum that float64 gives',
  async ({ rows, columns, depth, dtype, flipped = false }) => {
    const w = await evaluate(matrix(1, rows, columns, dtype));
    const a = await evaluate(flipped ? matrix(2, depth, rows, dtype) : matrix(2, rows, depth, dtype));
    const b = await evaluate(flipped ? matrix(3, columns, depth, dtype) : matrix(3, depth, columns, dtype));
    const product = (x: Tensor, y: Tensor): Tensor =>
      matmul(flipped ? transpose(x) : x, flipped ? transpose(y) : y);
    expect(kernelsOf(add(w, product(a, b)))).toEqual(['addProduct']);
    const update = compile((x: Tensor, y: Tensor, z: Tensor) => add(product(y, z), x));
    setThreads(1);
    const alone = await (await update(w, a, b)).data();
    setThreads(4);
    const together = await (await update(w, a, b)).data();
    const bytes = ({ buffer }: { buffer: ArrayBufferLike }): Buffer => Buffer.from(buffer);
    expect(bytes(together as Float32Array).equals(bytes(alone as Float32Array))).toBe(true);
    const [wide, left, right] = [w, a, b].map((x) => cast(x, 'float64')) as [Tensor, Tensor, Tensor];
    const exact = await evaluate(product(left, right));
    const expected = await add(wide, exact).data();
    const epsilon = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
    let worst = 0;
    alone.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - (expected[i] ?? NaN)))));
    // Entries are sums of depth + 1 numbers of size 1: a few times their rounding.
    expect(worst).toBeLessThan(epsilon * 16 * (depth + 1));
  },
);

describe('what stays two instructions', () => {
  const [w, a, b] = [
    matrix(1, 300, 300, 'float32'),
    matrix(2, 300, 8, 'float32'),
    matrix(3, 8, 300, 'float32'),
  ];
  beforeAll(() => evaluate([w, a, b]));

  test('a product that is wanted by itself', () => {
    const product = matmul(a, b);
    expect(kernelsOf(add(w, product), product).sort()).toEqual(['fused', 'matmul']);
  });

  test('a sum in a longer chain, or with what a chain makes', () => {
    expect(kernelsOf(mul(add(w, matmul(a, b)), 2))).toEqual(['matmul', 'fused']);
    expect(kernelsOf(add(mul(w, 2), matmul(a, b)))).toEqual(['matmul', 'fused']);
  });

  test('a product added to itself', () => {
    const product = matmul(a, b);
    expect(kernelsOf(add(product, product))).toEqual(['matmul', 'fused']);
  });
});

test('NaN and infinity of either side arrive', async () => {
  const [w, a, b] = await evaluate([
    matrix(1, 300, 300, 'float32'),
    mul(matrix(2, 300, 8, 'float32'), Infinity),
    matrix(3, 8, 300, 'float32'),
  ]);
  const values = await add(w, matmul(a, b)).data();
  expect([...values].every((value) => !Number.isFinite(value))).toBe(true);
});
