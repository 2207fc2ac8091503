import { OptionError } from '../../../lib/errors';
import { evaluate } from '../../../lib/graph/evaluate';
import { tensor } from '../../../lib/graph/create';
import { key, normal } from '../../../lib/random';
import { matmul } from '../../../lib/ops/products/matmul';
import { rotary } from '../../../lib/ops/attention/rotary';
import type { RotaryScaling } from '../../../lib/ops/attention/rotaryFrequencies';
import { rotaryTables } from '../../../lib/ops/attention/rotaryTables';
import { reshape } from '../../../lib/ops/shape/reshape';
import { slice } from '../../../lib/ops/shape/slice';
import { transpose } from '../../../lib/ops/shape/transpose';

const angle = async (width: number, step: number, scaling?: RotaryScaling): Promise<number[]> => {
  const options = { steps: step + 1, dtype: 'float64', ...(scaling ? { scaling } : {}) } as const;
  const { cos, sin } = rotaryTables(width, options);
  const [c, s] = [await cos.data(), await sin.data()];
  const pairs = width / 2;
  return Array.from({ length: pairs }, (_, i) =>
    Math.atan2(Number(s[step * pairs + i]), Number(c[step * pairs + i])),
  );
};

test('angles fall from one radian a step by the powers of the base', async () => {
  const found = await angle(4, 2);
  expect(found[0]).toBeCloseTo(2, 12);
  expect(found[1]).toBeCloseTo(2 / 100, 12);
});

test('float32 tables are those of float64, rounded once', async () => {
  const at = async (dtype: 'float32' | 'float64'): Promise<number[]> =>
    Array.from(await rotaryTables(8, { steps: 5000, dtype }).cos.data(), Number);
  const [single, double] = [await at('float32'), await at('float64')];
  expect(single).toEqual(double.map(Math.fround));
});

test('linear scaling divides positions', async () => {
  expect((await angle(4, 4, { type: 'linear', factor: 4 }))[0]).toBeCloseTo(1, 12);
});

test('NTK scaling leaves the fastest pair and slows the slowest by the factor', async () => {
  const [fast, slow] = await angle(8, 1, { type: 'ntk', factor: 8 }).then((all) => [all[0], all[3]]);
  expect(fast).toBeCloseTo(1, 12);
  expect(slow).toBeCloseTo(10_000 ** (-6 / 8) / 8, 12);
});

test('Llama 3 keeps fast pairs, slows slow ones and goes between in between', async () => {
  const scaling = {
    type: 'llama3',
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalSteps: 64,
  } as const;
  // Turns within 64 steps: 10.2, 1.02, 0.10, 0.01 for frequencies 1, 0.1, 0.01, 0.001.
  const [first, second, third] = await angle(8, 1, scaling);
  const kept = ((64 * 0.1) / (2 * Math.PI) - 1) / 3;
  expect(first).toBeCloseTo(1, 12);
  expect(second).toBeCloseTo(0.1 * (kept + (1 - kept) / 8), 12);
  expect(third).toBeCloseTo(0.01 / 8, 12);
});

test('products of queries and keys depend on the distance alone', async () => {
  const tables = rotaryTables(6, { steps: 20, dtype: 'float64' });
  const [q, k] = [1, 2].map((seed) => normal(key(seed), [1, 8], { dtype: 'float64' }));
  const product = async (t: number, s: number): Promise<number> => {
    const turned = (x: typeof q, at: number): NonNullable<typeof q> =>
      rotary(x!, tables, { positions: tensor([at], { dtype: 'int32' }) });
    return matmul(turned(q, t), transpose(turned(k, s))).item();
  };
  expect(await product(3, 1)).toBeCloseTo(await product(17, 15), 12);
  expect(Math.abs((await product(3, 1)) - (await product(3, 2)))).toBeGreaterThan(1e-3);
});

test('positions of examples pick rows of the tables', async () => {
  const tables = rotaryTables(4, { steps: 9 });
  const x = normal(key(3), [2, 3, 2, 4]);
  const positions = tensor(Int32Array.from([4, 5, 0, 8]), { shape: [2, 2] });
  const turned = rotary(x, tables, { positions });
  const second = slice(x, { starts: [1], stops: [2] });
  const alone = rotary(reshape(second, [3, 2, 4]), tables, {
    positions: tensor([0, 8], { dtype: 'int32' }),
  });
  await evaluate([turned, alone]);
  expect((await turned.data()).slice(24)).toEqual(await alone.data());
});

test('impossible settings are refused', () => {
  expect(() => rotaryTables(3, { steps: 1 })).toThrow(OptionError);
  expect(() => rotaryTables(4, { steps: 1, base: 0 })).toThrow(OptionError);
  expect(() => rotaryTables(4, { steps: -1 })).toThrow(OptionError);
  expect(() => rotary(normal(key(0), [2, 4]), rotaryTables(4, { steps: 1 }))).toThrow('expected');
});
