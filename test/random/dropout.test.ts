import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { sum } from '../../lib/ops/reduce/sum';
import { mul, ones } from '../../lib/ops/elementwise/arithmetic';
import { dropout, key } from '../../lib/random';
import { grad } from '../../lib/transforms/grad';
import { perExample } from '../../lib/transforms/perExample';
import { code } from '../support/errors';

const SIZE = 100_000;
const RATE = 0.3;
/** Five standard deviations of the share of dropped elements. */
const TOLERANCE = 5 * Math.sqrt((RATE * (1 - RATE)) / SIZE);

test('drops the share it is told to and scales the rest', async () => {
  const values = [...(await dropout(ones([SIZE]), key(1), { rate: RATE }).data())];
  const dropped = values.filter((value) => value === 0).length / SIZE;
  expect(Math.abs(dropped - RATE)).toBeLessThan(TOLERANCE);
  expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - RATE))]));
});

test('drops the same elements for the same key, in derivatives too, and others for another key', async () => {
  const x = ones([1000], 'float64');
  const kept = [...(await dropout(x, key(1)).data())];
  expect([...(await dropout(x, key(1)).data())]).toEqual(kept);
  expect([...(await grad((v: typeof x) => sum(dropout(v, key(1))))(x).data())]).toEqual(kept);
  expect([...(await dropout(x, key(2)).data())]).not.toEqual(kept);
});

test('keeps examples apart', async () => {
  const x = tensor(
    Float64Array.from({ length: 12 }, (_, i) => i + 1),
    { shape: [4, 3] },
  );
  const w = tensor(Float64Array.of(1, 2, 3));
  const losses = (weight: typeof w, batch: typeof x): typeof x =>
    sum(mul(dropout(batch, key(5)), weight), { axis: 1 });
  const gradients = perExample(losses)(w, x);
  expect([...(await gradients.materialize().data())]).toEqual([...(await dropout(x, key(5)).data())]);
});

test('keeps everything at rate 0 and nothing at rate 1', async () => {
  const x = tensor([1, NaN, Infinity]);
  expect([...(await dropout(x, key(1), { rate: 0 }).data())]).toEqual([1, NaN, Infinity]);
  expect([...(await dropout(x, key(1), { rate: 1 }).data())]).toEqual([0, 0, 0]);
});

test('refuses a rate that is no probability', () => {
  expect(() => dropout(ones([2]), key(1), { rate: 1.5 })).toThrow(code('ERR_OPTION'));
  expect(() => dropout(ones([2]), key(1), { rate: NaN })).toThrow(code('ERR_OPTION'));
});
