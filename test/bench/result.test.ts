import { FMA_PEAK, TRIAD } from '../../bench/limits';
import { resultsOf } from '../../bench/result';
import { summaryOf } from '../../bench/statistics';
import type { Contender, Subject } from '../../bench/subject';

const contender = (name: string, work: Partial<Contender>): Contender => ({
  name,
  run: () => Promise.resolve(),
  ...work,
});

const subject: Subject = { name: 'subject', about: '', members: [], prepare: () => Promise.resolve([]) };
const limits = [contender(FMA_PEAK, { flops: 8e6 }), contender(TRIAD, { bytes: 4e6 })];

test('a summary holds the median, the fastest and the middle half', () => {
  expect(summaryOf([5, 1, 2, 4, 3])).toEqual({ median: 3, fastest: 1, spread: 2 / 3, samples: 5 });
  expect(summaryOf([1, 2]).median).toBe(1.5);
  expect(() => summaryOf([])).toThrow(RangeError);
});

test('a share is of the limit that takes longer, at its fastest', () => {
  const contenders = [
    contender('computes', { flops: 4e6, bytes: 1e6 }),
    contender('moves', { flops: 1e6, bytes: 2e6, against: 'computes' }),
    contender('waits', {}),
  ];
  const summaries = new Map([
    [FMA_PEAK, summaryOf([2, 1, 3])],
    [TRIAD, summaryOf([1])],
    ['computes', summaryOf([2])],
    ['moves', summaryOf([1])],
    ['waits', summaryOf([1])],
  ]);
  const results = resultsOf(subject, contenders, limits, summaries);
  expect(results.map(({ name, limit, share }) => [name, limit, share])).toEqual([
    [FMA_PEAK, FMA_PEAK, 0.5],
    [TRIAD, TRIAD, 1],
    ['computes', FMA_PEAK, 0.25],
    ['moves', TRIAD, 0.5],
    ['waits', undefined, undefined],
  ]);
  expect(results.find(({ name }) => name === 'computes')?.gigaflops).toBe(2);
  expect(results.find(({ name }) => name === 'moves')).toMatchObject({ gigabytesPerSecond: 2, ratio: 0.5 });
});
