import { campaign } from './campaign';
import { graphOf } from './generate';
import { describe as described } from './graph';
import { vocabulary } from './vocabulary';

/** Another first seed and more graphs search further: PALIMPSEST_FUZZ_SEED=100000 PALIMPSEST_FUZZ_GRAPHS=50000. */
const FIRST_SEED = Number(process.env.PALIMPSEST_FUZZ_SEED ?? 1);
const GRAPHS = Number(process.env.PALIMPSEST_FUZZ_GRAPHS ?? 2000);
/** Elements and derivatives that say nothing: most lie behind a step. */
const MOST_SKIPPED = 0.05;

jest.setTimeout(120_000 + 100 * GRAPHS);

test('random graphs of all ops, and their derivatives, agree with plain JavaScript', async () => {
  const { graphs, compared, skipped, uses, fault } = await campaign(FIRST_SEED, GRAPHS, vocabulary);
  if (fault !== undefined) throw new Error(fault);
  expect(graphs).toBe(GRAPHS);
  expect(compared).toBeGreaterThan(20 * GRAPHS);
  expect(skipped).toBeLessThan(MOST_SKIPPED * compared);
  const used = new Set([...uses.keys()].map((text) => text.replace(/<.*/, '')));
  expect(vocabulary.rows.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});

test('a seed gives the same graph again, and fewer ops its beginning', () => {
  const texts = (ops?: number): string[] => graphOf(7, vocabulary, ops).applications.map(({ text }) => text);
  expect(texts()).toEqual(texts());
  expect(texts()).not.toEqual(graphOf(8, vocabulary).applications.map(({ text }) => text));
  expect(texts().slice(0, texts(2).length)).toEqual(texts(2));
  expect(described(graphOf(7, vocabulary))).toMatch(/^seed 7, float(32|64), order [012], \w+\n {2}v0: /);
});
