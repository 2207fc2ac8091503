import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { fromHalfBits, roundToHalf, toHalfBits } from '../../lib/graph/halves/halfBits';
import { lower } from '../../lib/graph/lowering/lower';
import { Program } from '../../lib/graph/lowering/program';
import type { Tensor } from '../../lib/graph/tensor';
import { add, cast, mul, sub } from '../../lib/ops/elementwise/arithmetic';
import { exp } from '../../lib/ops/elementwise/math';
import { matmul } from '../../lib/ops/products/matmul';
import { sum } from '../../lib/ops/reduce/sum';
import { slice } from '../../lib/ops/shape/slice';
import { tensorOf } from '../support/tensors';

const HALVES = ['bfloat16', 'float16'] as const;
const instructions = (...outputs: Tensor[]): number => new Program(lower(outputs)).instructionCount;
const every = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

describe.each(HALVES)('%s', (dtype) => {
  test('keeps its bits from JavaScript and back', async () => {
    const x = tensor(every, { dtype });
    expect(await x.stored()).toEqual(every);
    expect(await x.data()).toEqual(fromHalfBits(dtype, every));
  });

  test('is widened and rounded by programs as it is in JavaScript', async () => {
    const x = tensor(every, { dtype });
    const wide = cast(x, 'float32');
    expect(await wide.data()).toEqual(await x.data());
    // Quiet NaNs come back as they were, and so do all numbers.
    const back = await cast(wide, dtype).stored();
    const again = toHalfBits(dtype, await x.data());
    const isNaNBits = (bits: number): boolean => Number.isNaN(fromHalfBits(dtype, Uint16Array.of(bits))[0]);
    every.forEach((bits) => {
      if (isNaNBits(bits)) expect(isNaNBits(back[bits] as number) && isNaNBits(again[bits]!)).toBe(true);
      else expect([back[bits], again[bits]]).toEqual([bits, bits]);
    });
  });

  test('rounds to the nearest, halves to even', () => {
    const next = dtype === 'bfloat16' ? 2 ** -7 : 2 ** -10;
    expect(roundToHalf(dtype, 1 + next / 2)).toBe(1);
    expect(roundToHalf(dtype, 1 + next * 1.5)).toBe(1 + 2 * next);
    expect(roundToHalf(dtype, 1 + next / 2 + 2 ** -50)).toBe(1 + next);
    expect(roundToHalf(dtype, -0)).toBe(-0);
    expect(roundToHalf(dtype, 1e39)).toBe(Infinity);
    expect(roundToHalf(dtype, NaN)).toBeNaN();
  });

  test('computes a chain in float32 and rounds what it stores', async () => {
    const x = tensor([1, 1], { dtype });
    const tiny = tensor([2 ** -12, -(2 ** -12)], { dtype });
    const y = mul(sub(add(x, tiny), x), 4096);
    expect(instructions(y)).toBe(1);
    expect(y.dtype).toBe(dtype);
    expect([...(await y.data())]).toEqual([1, -1]);
  });

  test('rounds where the caller asks for it', async () => {
    const x = tensor([1, 1]);
    const tiny = tensor([2 ** -12, -(2 ** -14)]);
    const y = mul(sub(cast(cast(add(x, tiny), dtype), 'float32'), x), 4096);
    expect([...(await y.data())]).toEqual([0, 0]);
    const z = mul(sub(cast(add(cast(x, dtype), cast(tiny, dtype)), 'float32'), x), 4096);
    expect([...(await z.data())]).toEqual([0, 0]);
  });

  test('moves without a copy in float32', () => {
    const x = tensorOf([1, 2, 3, 4], [4], dtype);
    expect(instructions(slice(x, { steps: [2] }))).toBe(1);
    expect(instructions(exp(x))).toBe(1);
    expect(instructions(add(mul(x, 0.1), 1))).toBe(1);
    expect(instructions(add(tensorOf([1, 2, 3, 4], [2, 2], dtype), tensorOf([1, 2], [2], dtype)))).toBe(1);
  });

  test('sums in float32', async () => {
    const x = tensor(new Float32Array(5000).fill(1.0625), { dtype });
    expect((await sum(x).data())[0]).toBe(roundToHalf(dtype, 5312.5));
    const a = tensor(new Float32Array(512).fill(1), { dtype, shape: [1, 512] });
    expect(
      (await matmul(a, tensor(new Float32Array(512).fill(1), { dtype, shape: [512, 1] })).data())[0],
    ).toBe(512);
  });
});
