import { evaluate } from '../../lib/graph/evaluate';
import { lower } from '../../lib/graph/lowering/lower';
import { fuse } from '../../lib/graph/lowering/fuse';
import type { Tensor } from '../../lib/graph/tensor';
import { eigh } from '../../lib/linalg';
import { setThreads } from '../../lib/native';
import { add, cast, div, mul } from '../../lib/ops/elementwise';
import { matmul } from '../../lib/ops/products/matmul';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal } from '../../lib/random';

const symmetric = (seed: number, shape: readonly number[], dtype: 'float32' | 'float64'): Tensor => {
  const x = cast(normal(key(seed), shape), dtype);
  return add(x, transpose(x));
};

const partsOf = (x: Tensor): readonly Tensor[] => {
  const { values, vectors } = eigh(x);
  return [values, vectors];
};

const bytesOf = async (x: Tensor): Promise<Buffer> => Buffer.from((await x.data()).buffer);
const eighsIn = (outputs: readonly Tensor[]): number =>
  fuse(lower(outputs)).filter(({ kernel }) => kernel === 'eigh').length;

// Sizes on both sides of where a matrix of its own is divided among threads.
const SHAPES: readonly (readonly number[])[] = [
  [5, 5],
  [200, 200],
  [3, 191, 191],
  [0, 0],
  [2, 201, 201],
  [321, 321],
];

test.each(['float32', 'float64'] as const)('decompositions together are those alone, %s', async (dtype) => {
  const inputs = await evaluate(SHAPES.map((shape, i) => symmetric(i, shape, dtype)));
  setThreads(4);
  const alone: Tensor[] = [];
  for (const input of inputs) alone.push(...(await evaluate([...partsOf(input)])));
  for (const threads of [1, 4]) {
    setThreads(threads);
    const parts = inputs.flatMap(partsOf);
    expect(eighsIn(parts)).toBe(1);
    const together = await evaluate(parts);
    for (const [i, part] of together.entries())
      expect((await bytesOf(part)).equals(await bytesOf(alone[i] as Tensor))).toBe(true);
  }
});

test('a decomposition of what another gives, or of another dtype, is an instruction of its own', async () => {
  const [a, b, c] = await evaluate([
    symmetric(1, [70, 70], 'float64'),
    symmetric(2, [60, 60], 'float64'),
    symmetric(3, [60, 60], 'float32'),
  ]);
  const first = eigh(a);
  const rebuilt = matmul(mul(first.vectors, div(first.values, 2)), transpose(first.vectors));
  const second = eigh(add(rebuilt, transpose(rebuilt)));
  const outputs = [second.values, first.values, eigh(b).values, eigh(c).values];
  expect(eighsIn(outputs)).toBe(3);
  const found = await evaluate(outputs);
  const [again, before] = [await bytesToNumbers(found[0]), await bytesToNumbers(found[1])];
  for (const [i, value] of again.entries()) expect(value).toBeCloseTo(before[i] as number, 10);
  const apart = await bytesToNumbers(eigh(b).values);
  expect(await bytesToNumbers(found[2])).toEqual(apart);
});

const bytesToNumbers = async (x: Tensor | undefined): Promise<readonly number[]> => [
  ...(await (x as Tensor).data<'float64'>()),
];

test('one that fails is named', async () => {
  const good = await evaluate(symmetric(1, [30, 30], 'float32'));
  const bad = await evaluate(mul(symmetric(2, [2, 40, 40], 'float32'), Number.POSITIVE_INFINITY));
  await expect(evaluate([...partsOf(good), ...partsOf(bad)])).rejects.toMatchObject({
    code: 'ERR_VALUE',
    message: expect.stringContaining('eigh: matrix 0 of the batch') as string,
  });
});
