import { CounterRandom, philox } from '../../lib/data/counterRandom';
import { permutation, sampleIndices } from '../../lib/data/shuffle';

const hex = (words: readonly number[]): string =>
  words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
const ALL = 0xffffffff;

describe('philox', () => {
  // The known answers that its authors publish with Random123.
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ALL, ALL, ALL, ALL], [ALL, ALL], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('gives the published words for counter %j and key %j', (counter, key, words) => {
    expect(hex(philox(counter, key))).toBe(words);
  });
});

describe('CounterRandom', () => {
  it('is the documented function of seed, stream and place', () => {
    const random = new CounterRandom(5 * 2 ** 32 + 7, 3);
    const words = Array.from({ length: 8 }, () => random.word());
    expect(words).toEqual([...philox([0, 0, 3, 1], [7, 5]), ...philox([1, 0, 3, 1], [7, 5])]);
  });

  it('draws every number below a bound about equally often', () => {
    const random = new CounterRandom(1);
    const counts = new Array<number>(7).fill(0);
    const draws = 70_000;
    for (let i = 0; i < draws; i++) counts[random.below(7)]! += 1;
    // Six standard deviations of a binomial count: sqrt(70000 / 7 * 6 / 7) = 93.
    for (const count of counts) expect(Math.abs(count - draws / 7)).toBeLessThan(6 * 93);
    expect(random.below(1)).toBe(0);
  });

  it.each([-1, 0.5, 2 ** 53, NaN])('refuses the seed %d', (seed) => {
    expect(() => new CounterRandom(seed)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});

describe('permutation', () => {
  it('holds every number once, in an order fixed by seed and stream', () => {
    const order = permutation(1000, 42);
    expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
    expect(permutation(1000, 42)).toEqual(order);
    expect(permutation(1000, 43)).not.toEqual(order);
    expect(permutation(1000, 42, 1)).not.toEqual(order);
    expect([...permutation(0, 1)]).toEqual([]);
    // Part of the format of seeded runs: never changes.
    expect([...permutation(10, 0)]).toEqual([5, 6, 1, 4, 0, 3, 7, 9, 2, 8]);
  });

  it('gives all orders of three about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(3, seed).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Six standard deviations: sqrt(6000 / 6 * 5 / 6) = 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * 29);
  });
});

describe('sampleIndices', () => {
  it('chooses different numbers in ascending order', () => {
    const chosen = sampleIndices(100, 40, 7);
    expect(chosen).toHaveLength(40);
    expect(new Set(chosen).size).toBe(40);
    expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
    expect(chosen.every((index) => index >= 0 && index < 100)).toBe(true);
    expect([...sampleIndices(5, 5, 1)]).toEqual([0, 1, 2, 3, 4]);
    expect(sampleIndices(5, 0, 1)).toHaveLength(0);
  });

  it.each([-1, 1.5, 11])('refuses to choose %d of 10', (count) => {
    expect(() => sampleIndices(10, count, 1)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});
