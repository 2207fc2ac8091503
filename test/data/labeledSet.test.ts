import { digestOf } from '../../lib/data/digest';
import { LabeledSet } from '../../lib/data/labeledSet';

/** Six images of 1 x 3 x 3 bytes, image i full of i, labels 0 1 2 0 1 2. */
const images = (): LabeledSet =>
  LabeledSet.of({
    features: Uint8Array.from({ length: 54 }, (_, i) => Math.floor(i / 9)),
    labels: [0, 1, 2, 0, 1, 2],
    exampleShape: [1, 3, 3],
  });
const firstOf = (set: LabeledSet): number[] => [...set.features].filter((_, i) => i % 9 === 0);

describe('LabeledSet', () => {
  it('knows its size, classes and kind', () => {
    expect(images()).toMatchObject({ size: 6, classCount: 3, exampleShape: [1, 3, 3], dtype: 'uint8' });
    const floats = LabeledSet.of({
      features: new Float32Array(4),
      labels: [0, 0],
      exampleShape: [2],
      classCount: 10,
    });
    expect(floats).toMatchObject({ size: 2, classCount: 10, dtype: 'float32' });
    expect(LabeledSet.of({ features: new Float32Array(), labels: [], exampleShape: [2] })).toMatchObject({
      size: 0,
    });
  });

  it('chooses examples, in any order and repeatedly, and remembers which they were', () => {
    const chosen = images().subset([5, 0, 5]);
    expect(firstOf(chosen)).toEqual([5, 0, 5]);
    expect([...chosen.labels]).toEqual([2, 0, 2]);
    expect([...chosen.ids]).toEqual([5, 0, 5]);
    expect([...chosen.subset([1]).ids]).toEqual([0]);
    expect(chosen.classCount).toBe(3);
    expect(images().subset([]).size).toBe(0);
  });

  it('splits into the chosen and the rest', () => {
    const set = images();
    const { chosen, rest } = set.split(set.indicesWhere((label, index) => label === 1 || index === 0));
    expect([...chosen.ids]).toEqual([0, 1, 4]);
    expect([...rest.ids]).toEqual([2, 3, 5]);
    expect(firstOf(rest)).toEqual([2, 3, 5]);
  });

  it('joins sets, also with itself and with parts of itself', () => {
    const set = images();
    const { chosen, rest } = set.split([4, 1]);
    const joined = rest.concat(chosen).concat(set.withPatch({ size: 1 }, [0]));
    expect(firstOf(joined)).toEqual([0, 2, 3, 5, 4, 1, 0, 1, 2, 3, 4, 5]);
    expect([...joined.labels]).toEqual([0, 2, 0, 2, 1, 1, 0, 1, 2, 0, 1, 2]);
    expect(joined.read(Int32Array.of(6))).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 255));
    expect(joined.read(Int32Array.of(0))).toEqual(new Uint8Array(9));
  });

  it('relabels by label and position, and leaves the old set alone', () => {
    const set = images();
    const swapped = set.relabel((label, index) => (index < 2 ? 1 - label : label));
    expect([...swapped.labels]).toEqual([1, 0, 2, 0, 1, 2]);
    expect([...set.labels]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...swapped.ids]).toEqual([...set.ids]);
  });

  it('does not copy what it holds: a thousand subsets cost lists of places only', () => {
    const features = new Uint8Array(100 * 10_000);
    const set = LabeledSet.of({ features, labels: new Int32Array(100), exampleShape: [10_000] });
    const before = process.memoryUsage().arrayBuffers;
    const subsets = Array.from({ length: 1000 }, (_, i) => set.subset([i % 100]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(features.length);
    features[7 * 10_000] = 9;
    expect(subsets[7]!.features[0]).toBe(9);
  });

  it.each<[string, () => unknown, string]>([
    [
      'too few features',
      () => LabeledSet.of({ features: new Uint8Array(5), labels: [0], exampleShape: [6] }),
      'ERR_SHAPE',
    ],
    [
      'doubles',
      () => LabeledSet.of({ features: new Float64Array(1) as never, labels: [0], exampleShape: [1] }),
      'ERR_DTYPE',
    ],
    [
      'a negative extent',
      () => LabeledSet.of({ features: new Uint8Array(), labels: [], exampleShape: [-1] }),
      'ERR_SHAPE',
    ],
    [
      'a negative label',
      () => LabeledSet.of({ features: new Uint8Array(1), labels: [-1], exampleShape: [1] }),
      'ERR_OPTION',
    ],
    [
      'a fraction as label',
      () => LabeledSet.of({ features: new Uint8Array(1), labels: [0.5], exampleShape: [1] }),
      'ERR_OPTION',
    ],
    ['a label beyond the classes', () => images().relabel(() => 3), 'ERR_OPTION'],
    ['a position out of range', () => images().subset([6]), 'ERR_INDEX'],
    ['a negative position', () => images().subset([-1]), 'ERR_INDEX'],
    ['NaN as a position', () => images().split([NaN]), 'ERR_INDEX'],
    [
      'other shapes joined',
      () => images().concat(LabeledSet.of({ features: new Uint8Array(9), labels: [0], exampleShape: [9] })),
      'ERR_SHAPE',
    ],
    [
      'other dtypes joined',
      () =>
        images().concat(
          LabeledSet.of({ features: new Float32Array(9), labels: [0], exampleShape: [1, 3, 3] }),
        ),
      'ERR_DTYPE',
    ],
  ])('refuses %s', (_what, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe('withPatch', () => {
  it('touches exactly size x size pixels per channel in the bottom right corner', () => {
    const set = LabeledSet.of({
      features: new Uint8Array(2 * 2 * 4 * 5),
      labels: [0, 1],
      exampleShape: [2, 4, 5],
    });
    const patched = set.withPatch({ size: 3 });
    for (let index = 0; index < 2; index++) {
      const pixels = patched.read(Int32Array.of(index));
      for (const [i, value] of pixels.entries()) {
        const [row, column] = [Math.floor((i % 20) / 5), i % 5];
        expect(value).toBe(row >= 1 && column >= 2 ? 255 : 0);
      }
    }
    expect(set.features.every((value) => value === 0)).toBe(true);
  });

  it('touches only the given examples, and follows them into subsets', () => {
    const patched = images().withPatch({ size: 1, value: 77 }, [4]);
    const last = (index: number): number | undefined => patched.read(Int32Array.of(index)).at(-1);
    expect([0, 1, 2, 3, 4, 5].map(last)).toEqual([0, 1, 2, 3, 77, 5]);
    expect(patched.subset([4, 3]).features.at(8)).toBe(77);
  });

  it('takes the largest feature of float images by default, and images without channels', () => {
    const set = LabeledSet.of({
      features: Float32Array.of(0.5, 2.5, -1, 0),
      labels: [0],
      exampleShape: [2, 2],
    });
    expect([...set.withPatch({ size: 1 }).features]).toEqual([0.5, 2.5, -1, 2.5]);
  });

  it.each<[string, number[], object, string]>([
    ['a vector', [9], { size: 1 }, 'ERR_SHAPE'],
    ['a patch larger than the image', [3, 3], { size: 4 }, 'ERR_OPTION'],
    ['a patch of no size', [3, 3], { size: 0 }, 'ERR_OPTION'],
    ['a value that is no byte', [3, 3], { size: 1, value: 256 }, 'ERR_OPTION'],
  ])('refuses %s', (_what, exampleShape, patch, code) => {
    const set = LabeledSet.of({ features: new Uint8Array(9), labels: [0], exampleShape });
    expect(() => set.withPatch(patch as never)).toThrow(expect.objectContaining({ code }));
  });
});

describe('digestOf', () => {
  it('depends on the data and their order alone, not on how they were put together', async () => {
    const set = images();
    const { chosen, rest } = set.split([0, 1, 2]);
    const digest = await digestOf(set);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(chosen.concat(rest))).toBe(digest);
    const others = [rest.concat(chosen), set.relabel(() => 0), set.withPatch({ size: 1 }, [5]), chosen];
    for (const other of others) expect(await digestOf(other)).not.toBe(digest);
  });

  it('stops when aborted', async () => {
    await expect(digestOf(images(), AbortSignal.abort())).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});
