import type { BatchOptions } from '../../lib/data/batches';
import { LabeledSet } from '../../lib/data/labeledSet';
import { memory } from '../../lib/native';
import { memoryAtRest } from '../support/garbage';

const set = LabeledSet.of({
  features: Uint8Array.from({ length: 20 }, (_, i) => i),
  labels: Uint8Array.from({ length: 10 }, (_, i) => i % 3),
  exampleShape: [2],
});
const orderOf = (options: BatchOptions): number[] =>
  [...set.batches(4, options)].flatMap((batch) => {
    batch[Symbol.dispose]();
    return [...batch.indices];
  });

describe('batches', () => {
  it('cuts the set in order, with a smaller batch at the end', async () => {
    const batches = set.batches(4);
    expect(batches.count).toBe(3);
    const sizes: number[] = [];
    for (const { x, y, size, indices } of batches) {
      sizes.push(size);
      expect(x).toMatchObject({ dtype: 'uint8', shape: [size, 2] });
      expect(y).toMatchObject({ dtype: 'int32', shape: [size] });
      expect([...(await x.data())]).toEqual([...indices].flatMap((i) => [2 * i, 2 * i + 1]));
      expect([...(await y.data())]).toEqual([...indices].map((i) => i % 3));
      x.dispose();
      y.dispose();
    }
    expect(sizes).toEqual([4, 4, 2]);
  });

  it('shuffles by seed and epoch, the same way every time', async () => {
    const shuffled = orderOf({ order: 'shuffled', seed: 5 });
    expect([...shuffled].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(shuffled).not.toEqual(orderOf({}));
    expect(orderOf({ order: 'shuffled', seed: 5 })).toEqual(shuffled);
    expect(orderOf({ order: 'shuffled', seed: 6 })).not.toEqual(shuffled);
    expect(orderOf({ order: 'shuffled', seed: 5, epoch: 1 })).not.toEqual(shuffled);
    const [first] = set.batches(4, { order: 'shuffled', seed: 5 });
    expect([...(await first!.x.data())]).toEqual(shuffled.slice(0, 4).flatMap((i) => [2 * i, 2 * i + 1]));
    first![Symbol.dispose]();
  });

  it('can be gone through again, and makes batches only when they are asked for', async () => {
    const before = (await memoryAtRest()).handles;
    const batches = set.batches(3);
    for (let round = 0; round < 2; round++) {
      const iterator = batches[Symbol.iterator]();
      using batch = iterator.next().value!;
      expect(batch.size).toBe(3);
      expect(memory().handles).toBe(before + 2);
    }
    expect(memory().handles).toBe(before);
  });

  it('is empty for an empty set, and one batch for a large size', () => {
    expect([...set.subset([]).batches(4)]).toEqual([]);
    expect(set.batches(1000).count).toBe(1);
  });

  it('gives floats for a set of floats', () => {
    const floats = LabeledSet.of({ features: Float32Array.of(1.5, 2), labels: [0], exampleShape: [1, 2] });
    using batch = [...floats.batches(1)][0]!;
    expect(batch.x).toMatchObject({ dtype: 'float32', shape: [1, 1, 2] });
  });

  it.each([
    [0, {}],
    [1.5, {}],
    [1, { order: 'random' }],
    [1, { order: 'shuffled', seed: -1 }],
    [1, { sede: 1 }],
  ])('refuses the size %d with %j', (size, options) => {
    expect(() => set.batches(size, options as BatchOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});
