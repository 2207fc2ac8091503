import '../../lib/graph/evaluate';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WideFloatDType } from '../../lib/graph/dtype';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { exp, sin } from '../../lib/ops/elementwise/math';
import * as elementwise from '../../lib/ops/elementwise';
import { mul } from '../../lib/ops/elementwise/arithmetic';

/** Elementary functions at points worked out with 60 digits: test/golden/elementary.py. */
interface Points {
  readonly x: readonly number[];
  /** The second operand, where there is one. */
  readonly second?: readonly number[];
  readonly y: readonly number[];
}

const FILE = join(__dirname, '../golden/elementary.json');
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as Record<'single' | 'double', Record<string, Points>>;

/** What the functions promise, in units of the last place. */
const MOST_ULPS = 4;

const DIGITS: Record<WideFloatDType, { bits: number; least: number; largest: number }> = {
  float32: { bits: 24, least: -149, largest: 128 },
  float64: { bits: 53, least: -1074, largest: 1024 },
};

/** The distance of a result from the exact value in units of the last place of the latter. */
function ulps(actual: number, exact: number, dtype: WideFloatDType): number {
  const { bits, least, largest } = DIGITS[dtype];
  if (Object.is(actual, exact) || actual === exact || (Number.isNaN(actual) && Number.isNaN(exact))) return 0;
  if (Math.abs(exact) >= 2 ** (largest - 1) * (2 - 2 ** -bits))
    return actual === Math.sign(exact) * Infinity ? 0 : Infinity;
  const exponent = exact === 0 ? least : Math.max(Math.floor(Math.log2(Math.abs(exact))) - bits + 1, least);
  return Math.abs(actual - exact) / 2 ** exponent;
}

async function errorOf(
  run: (...operands: Tensor[]) => Tensor,
  points: Points,
  dtype: WideFloatDType,
): Promise<number> {
  const operands = [points.x, points.second ?? []].filter((values) => values.length > 0);
  const y = await run(...operands.map((values) => tensor([...values], { dtype }))).data();
  const errors = points.y.map((exact, i) => ulps(Number(y[i]), exact, dtype));
  return Math.max(...errors);
}

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const functions = golden[dtype === 'float32' ? 'single' : 'double'];

  test.each(Object.keys(functions))('%s is exact to four units of the last place', async (name) => {
    const run = (elementwise as unknown as Record<string, (...operands: Tensor[]) => Tensor>)[name]!;
    expect(await errorOf((...operands) => run(...operands), functions[name]!, dtype)).toBeLessThanOrEqual(
      MOST_ULPS,
    );
  });

  test('a function that is slightly off is found out', async () => {
    const slightlyOff = (x: Tensor): Tensor => mul(exp(x), 1 + 2 ** (dtype === 'float32' ? -20 : -49));
    expect(await errorOf(slightlyOff, functions.exp!, dtype)).toBeGreaterThan(MOST_ULPS);
    expect(await errorOf((x) => sin(mul(x, 1)), functions.cos!, dtype)).toBeGreaterThan(MOST_ULPS);
  });
});
