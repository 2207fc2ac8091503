import '../../lib/graph/evaluate';
import type { HalfDType } from '../../lib/graph/dtype';
import { evaluate } from '../../lib/graph/evaluate';
import { lower } from '../../lib/graph/lowering/lower';
import { Program } from '../../lib/graph/lowering/program';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { setThreads, threads } from '../../lib/native';
import { cast, sub } from '../../lib/ops/elementwise/arithmetic';
import { abs } from '../../lib/ops/elementwise/math';
import { matmul } from '../../lib/ops/products/matmul';
import { max } from '../../lib/ops/reduce/reduce';
import { reshape } from '../../lib/ops/shape/reshape';
import { slice } from '../../lib/ops/shape/slice';
import { transpose } from '../../lib/ops/shape/transpose';
import { normal } from '../../lib/random/draw';
import { key } from '../../lib/random/key';
import { expectSameBits } from '../support/compare';

/** One rounding to 8 or 11 bits, of results up to some dozens; sums in float32 add less than a hundredth of that. */
const STEP: Record<HalfDType, number> = { bfloat16: 2 ** -8, float16: 2 ** -11 };
const ROUNDING_OF_SUMS = 1.05;

const flipped = (shape: Shape): Shape => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
const lastTwo = (x: Tensor): Tensor =>
  transpose(
    x,
    [...x.shape.keys()].map((axis, i, all) => (i < all.length - 2 ? axis : 2 * all.length - 3 - i)),
  );

const SHAPES: readonly (readonly [string, Shape, Shape])[] = [
  ['one number', [1, 1], [1, 1]],
  ['a row', [1, 300], [300, 200]],
  ['a few rows', [5, 129], [129, 257]],
  ['a column', [333, 130], [130, 1]],
  ['an odd depth', [33, 7], [7, 45]],
  ['one step of depth', [20, 1], [1, 70]],
  ['several blocks', [500, 530], [530, 540]],
  ['batches', [3, 40, 50], [3, 50, 60]],
  ['one side for all', [4, 30, 70], [70, 90]],
  ['a thin batch', [6, 2, 200], [6, 200, 300]],
  ['nothing', [3, 0], [0, 4]],
];

describe.each(['bfloat16', 'float16'] as const)('a product in %s', (dtype) => {
  const drawn = (seed: number, shape: Shape): Tensor => normal(key(seed), shape, { dtype });

  test.each(SHAPES.flatMap(([name, a, b]) => [0, 1, 2, 3].map((ways) => [name, ways, a, b] as const)))(
    'of %s, turned in way %i, is that of float32, rounded once',
    async (_name, ways, shapeA, shapeB) => {
      const [turnA, turnB] = [(ways & 1) === 1, (ways & 2) === 2];
      const a = await evaluate(drawn(1, turnA ? flipped(shapeA) : shapeA));
      const b = await evaluate(drawn(2, turnB ? flipped(shapeB) : shapeB));
      const sides = (wide: boolean): [Tensor, Tensor] =>
        [
          [a, turnA],
          [b, turnB],
        ].map(([side, turn]) => {
          const x = wide ? cast(side as Tensor, 'float32') : (side as Tensor);
          return turn === true ? lastTwo(x) : x;
        }) as [Tensor, Tensor];
      const [y, exact] = [matmul(...sides(false)), matmul(...sides(true))];
      expect(y.dtype).toBe(dtype);
      expect(y.shape).toEqual(exact.shape);
      if (y.size === 0) return;
      const largest = await max(abs(exact)).item();
      const error = await max(abs(sub(cast(y, 'float32'), exact))).item();
      expect(error).toBeLessThanOrEqual(ROUNDING_OF_SUMS * STEP[dtype] * largest);
    },
  );

  test('reads both sides as they are', () => {
    const [a, b] = [drawn(1, [64, 64]), drawn(2, [64, 64])];
    const steps = (x: Tensor): number => new Program(lower([x])).instructionCount;
    const apart = steps(a) + steps(b);
    // The product, and one that rounds.
    expect(steps(matmul(a, transpose(b)))).toBe(apart + 2);
  });

  test('begins anywhere in memory', async () => {
    const whole = await evaluate(drawn(3, [2001]));
    const odd = slice(whole, { starts: [1] });
    const matrix = (x: Tensor): Tensor => matmul(reshape(x, [50, 40]), reshape(x, [40, 50]));
    const copy = await evaluate(cast(cast(odd, 'float64'), dtype));
    expectSameBits(await matrix(odd).data(), await matrix(copy).data(), 'an odd address');
  });

  test('is the same bits for any number of threads', async () => {
    const [a, b] = await evaluate([drawn(4, [300, 700]), drawn(5, [700, 310])]);
    const before = threads();
    const results = [];
    for (const count of [1, 2, 4]) {
      setThreads(count);
      results.push(await matmul(a, b).data());
    }
    setThreads(before);
    expectSameBits(results[1]!, results[0]!, 'threads');
    expectSameBits(results[2]!, results[0]!, 'threads');
  });
});
