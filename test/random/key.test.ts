import '../../lib/graph/evaluate';
import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import type { Tensor } from '../../lib/graph/tensor';
import { foldKey, key, splitKey, uniform } from '../../lib/random';
import { code } from '../support/errors';

const textOf = async (x: Tensor): Promise<string> => [...(await x.data())].join();

test('holds the seed in two words', async () => {
  expect([...(await key(7).data())]).toEqual([7, 0]);
  expect([...(await key(2 ** 32 + 5).data())]).toEqual([5, 1]);
  expect([...(await key(2 ** 53 - 1).data())]).toEqual([-1, 2 ** 21 - 1]);
});

test('refuses seeds that are not integers of 53 bits', () => {
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => key(seed)).toThrow(code('ERR_VALUE'));
});

test('gives the same bits again, and other bits under other keys', async () => {
  const draw = (seed: number): Promise<string> => textOf(uniform(key(seed), [8]));
  expect(await draw(1)).toBe(await draw(1));
  expect(new Set(await Promise.all([0, 1, 2, 2 ** 32, 2 ** 52].map(draw))).size).toBe(5);
});

test('has children that differ from each other, from their parent and from folded ones', async () => {
  const parent = key(3);
  const children = [...splitKey(parent, 8), ...splitKey(splitKey(parent)[0], 4)];
  const folded = Array.from({ length: 8 }, (_, i) => foldKey(parent, i));
  const texts = await Promise.all([parent, ...children, ...folded].map(textOf));
  expect(new Set(texts).size).toBe(texts.length);
  const draws = await Promise.all([parent, ...children, ...folded].map((own) => textOf(uniform(own, [4]))));
  expect(new Set(draws).size).toBe(draws.length);
});

test('has children that do not depend on how many there are', async () => {
  const [few, many] = [splitKey(key(3), 2), splitKey(key(3), 20)];
  expect(await textOf(few[1])).toBe(await textOf(many[1]!));
  expect(splitKey(key(3), 0)).toEqual([]);
});

test('is folded with a number or with a tensor alike', async () => {
  const index = tensor(12, { dtype: 'int32' });
  expect(await textOf(foldKey(key(3), 12))).toBe(await textOf(foldKey(key(3), index)));
});

test('is an argument of compiled functions', async () => {
  const step = compile((own: Tensor, batch: Tensor) => uniform(foldKey(own, batch), [3]));
  const of = async (seed: number, batch: number): Promise<string> =>
    textOf(await step(key(seed), tensor(batch, { dtype: 'int32' })));
  expect(new Set([await of(1, 0), await of(1, 1), await of(2, 0)]).size).toBe(3);
  expect(await of(1, 1)).toBe(await textOf(uniform(foldKey(key(1), 1), [3])));
  expect(step.programCount).toBe(1);
});

test('refuses what is no key and no index', () => {
  expect(() => splitKey(tensor([1, 2]))).toThrow('a key is int32, got float32');
  expect(() => splitKey(tensor([1, 2, 3], { dtype: 'int32' }))).toThrow(code('ERR_SHAPE'));
  expect(() => splitKey(key(1), -1)).toThrow(code('ERR_SHAPE'));
  expect(() => foldKey(key(1), 0.5)).toThrow(code('ERR_VALUE'));
  expect(() => foldKey(key(1), 2 ** 31)).toThrow(code('ERR_VALUE'));
  expect(() => foldKey(key(1), tensor([1], { dtype: 'int32' }))).toThrow(code('ERR_SHAPE'));
  expect(() => foldKey(key(1), tensor(1))).toThrow(code('ERR_DTYPE'));
});
