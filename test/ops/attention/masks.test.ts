import { DTypeError, OptionError, ShapeError } from '../../../lib/errors';
import { evaluate } from '../../../lib/graph/evaluate';
import { tensor } from '../../../lib/graph/create';
import type { Tensor } from '../../../lib/graph/tensor';
import { key, normal } from '../../../lib/random';
import { attention, attentionWithPattern } from '../../../lib/ops/attention/attention';
import { alibiBias, alibiSlopes, causalMask, paddingMask } from '../../../lib/ops/attention/masks';
import { cast } from '../../../lib/ops/elementwise/arithmetic';
import { expectClose } from '../../support/compare';

const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data(), Number);
const random = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, { dtype: 'float64' });
/** Two ways to one result, in float64. */
const SAME = 1e-12;

async function expectSame(a: Tensor, b: Tensor): Promise<void> {
  await evaluate([a, b]);
  expectClose(await numbers(a), await numbers(b), SAME, 'two ways');
}

test('a causal mask shows the last query all keys', async () => {
  expect(await numbers(causalMask(2, { keys: 3 }))).toEqual([1, 1, 0, 1, 1, 1]);
  expect(await numbers(causalMask(3, { window: 2 }))).toEqual([1, 0, 0, 1, 1, 0, 0, 1, 1]);
});

test('the options and the mask are the same attention', async () => {
  const [q, k, v] = [random(1, 2, 2, 4, 3), random(2, 2, 2, 6, 3), random(3, 2, 2, 6, 3)];
  const mask = causalMask(4, { keys: 6, window: 3 });
  await expectSame(attention(q, k, v, { causal: true, window: 3 }), attention(q, k, v, { mask }));
});

test('a padding mask hides what lies behind the length', async () => {
  const mask = paddingMask(tensor([1, 3], { dtype: 'int32' }), 3);
  expect(mask.shape).toEqual([2, 1, 1, 3]);
  expect(await numbers(mask)).toEqual([1, 0, 0, 1, 1, 1]);
});

test('slopes are the published ones, for powers of two and others', () => {
  expect(alibiSlopes(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => 2 ** -i));
  const six = [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125];
  expect(alibiSlopes(6)).toEqual(six);
});

test('both forms of ALiBi are the same causal attention', async () => {
  const [q, k, v] = [random(4, 1, 3, 4, 2), random(5, 1, 3, 6, 2), random(6, 1, 3, 6, 2)];
  const forms = [alibiBias(3, 6, { dtype: 'float64' }), alibiBias(3, 6, { queries: 4, dtype: 'float64' })];
  const [row, full] = forms.map((bias) => attention(q, k, v, { causal: true, bias }));
  await expectSame(row!, full!);
});

test('the pattern of a query that sees nothing is zero', async () => {
  const [q, k, v] = [random(7, 1, 1, 2, 2), random(8, 1, 1, 1, 2), random(9, 1, 1, 1, 2)];
  const { output, pattern } = attentionWithPattern(q, k, v, { causal: true });
  await evaluate([output, pattern]);
  expect(await numbers(pattern)).toEqual([0, 1]);
  expect((await numbers(output)).slice(0, 2)).toEqual([0, 0]);
});

test('what does not fit is refused, by name', () => {
  const [q, k] = [random(1, 2, 4, 3, 2), random(2, 2, 3, 3, 2)];
  expect(() => attention(q, k, k)).toThrow('attention: a multiple of the 3 heads');
  expect(() => attention(q, random(2, 2, 2, 3, 4), k)).toThrow(ShapeError);
  expect(() => attention(q, q, q, { mask: cast(causalMask(3), 'float64') })).toThrow(DTypeError);
  expect(() => attention(q, q, q, { bias: random(1, 4, 3) })).toThrow('attention: a bias for [2, 4, 3, 3]');
  expect(() => attention(q, q, q, { window: 0 })).toThrow(OptionError);
  expect(() => attention(q, q, q, { softCap: -1 })).toThrow(OptionError);
  expect(() => attention(q, q, q, { kPrefix: random(1, 4, 2, 2) })).toThrow('go together');
  expect(() => attention(q, q, q, { casual: true } as object)).toThrow("did you mean 'causal'");
  expect(() => attention(cast(q, 'int32'), q, q)).toThrow(DTypeError);
});
