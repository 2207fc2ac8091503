import { FactWorld } from '../../../lib/data/synthetic/factWorld';
import {
  integerNumbers,
  namedOrder,
  normalNumbers,
  uniformNumbers,
  unitNumbers,
} from '../../../lib/data/synthetic/namedNumbers';

const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0);

describe('named numbers', () => {
  test('are the ones that other programs make of the same name', () => {
    expect([...uniformNumbers('test', 4)]).toEqual([
      -0.44791150093078613, 0.7609717845916748, 0.8698133230209351, -0.3257485628128052,
    ]);
    expect([...integerNumbers('test', 4, 1000)]).toEqual([541, 77, 839, 69]);
  });

  test('agree with the formula in integers of any size', () => {
    const mask = (1n << 64n) - 1n;
    let seed = 0xcbf29ce484222325n;
    for (const byte of Buffer.from('names')) seed = ((seed ^ BigInt(byte)) * 0x100000001b3n) & mask;
    const words = Array.from({ length: 50 }, (_, i) => {
      let z = (seed + BigInt(i + 1) * 0x9e3779b97f4a7c15n) & mask;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
      return z ^ (z >> 31n);
    });
    expect([...unitNumbers('names', 50)]).toEqual(words.map((z) => Number(z >> 40n) * 2 ** -24));
    const normals = words.map((z) => {
      const [u1, u2] = [(Number(z >> 40n) + 0.5) * 2 ** -24, Number((z >> 16n) & 0xffffffn) * 2 ** -24];
      return Math.fround(Math.sqrt(-2 * Math.log(u1)) * Math.cos(2 * Math.PI * u2));
    });
    expect([...normalNumbers('names', 50)]).toEqual(normals);
  });

  test('of a normal distribution have its mean and variance', () => {
    const drawn = [...normalNumbers('moments', 20_000)];
    expect(total(drawn) / drawn.length).toBeCloseTo(0, 1);
    expect(total(drawn.map((x) => x * x)) / drawn.length).toBeCloseTo(1, 1);
  });

  test('order what is counted, all of it once', () => {
    expect(namedOrder('order', 100).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});

describe.each([
  { nameLast: false, words: 200, longest: 9, tokens: 10_080, sum: 693_586, weighted: 427_075 },
  { nameLast: true, words: 201, longest: 8, tokens: 9_840, sum: 685_858, weighted: 546_748 },
])('a world of facts, names last: $nameLast', ({ nameLast, words, longest, tokens, sum, weighted }) => {
  const world = new FactWorld({ nameLast });
  const corpus = world.corpus();

  test('has the check sums of its reference', () => {
    expect(world.vocabulary).toHaveLength(words);
    expect(corpus).toHaveLength(1344);
    expect(total(corpus.map((sentence) => sentence.length))).toBe(tokens);
    expect(total(corpus.map(total))).toBe(sum);
    expect(total(corpus.map((sentence, i) => (i + 1) * total(sentence))) % 1_000_003).toBe(weighted);
    expect(Math.max(...corpus.map((sentence) => sentence.length))).toBe(longest);
    expect(world.forgetEntities(0)).toEqual([50, 11, 46, 17, 57, 15, 34, 2]);
  });

  test('never states a fact in the frame that is held out for it', () => {
    const stated = new Set(corpus.map((sentence) => world.decode(sentence)));
    const heldOut = world.items('heldOut');
    expect(heldOut).toHaveLength(320);
    for (const item of heldOut) expect(stated.has(world.decode(world.sentence(item)))).toBe(false);
    for (const item of world.items('trained'))
      expect(stated.has(world.decode(world.sentence(item)))).toBe(true);
  });

  test('says where the last name is', () => {
    for (const item of world.items('trained', [5])) {
      const words = ['<bos>', ...world.decode(world.prompt(item)).split(' ')];
      expect(words[world.lastNamePlace(item.frame)]).toBe(world.nameOf(5).split(' ')[1]);
    }
  });

  test('without some entities does not name them', () => {
    const without = world.forgetEntities(0);
    const rest = world.corpus({ without });
    expect(rest).toHaveLength(1344 - 120);
    const text = rest.map((sentence) => world.decode(sentence)).join(' ');
    for (const entity of without) expect(text).not.toContain(world.nameOf(entity));
  });
});

test('a word that does not exist is an error', () => {
  expect(() => new FactWorld().encode('the unicorn')).toThrow("no word 'unicorn'");
  expect(() => new FactWorld().prompt({ entity: 64, relation: 0, frame: 0 })).toThrow('no fact');
});
