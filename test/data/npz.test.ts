import '../../lib/graph/evaluate';
import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { parseNpz, readNpz, writeNpz } from '../../lib/data/npz';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { temporaryFolder } from '../io/temporaryFolder';
import { announce } from '../support/numbers';

const golden = (name: string): string => join(__dirname, 'golden', name);
const folder = temporaryFolder();
const path = join(folder, 'arrays.npz');
const GRID = Array.from({ length: 24 }, (_, i) => i);

const ours = () => ({
  a: mul(
    tensor(
      [
        [1, 2, 4],
        [6, 8, -0.5],
      ],
      { dtype: 'float64' },
    ),
    0.5,
  ),
  flags: tensor([true, false]),
  half: tensor([1, -2, 65504], { dtype: 'float16' }),
  long: { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 53n + 1n) } as const,
  größe: tensor(3.5, { dtype: 'float64' }),
});

test.each(['several.npz', 'packed.npz'])('reads %s, written by numpy', async (name) => {
  const arrays = await readNpz(golden(name));
  const listed = [...arrays].map(([key, { dtype, shape, data }]) => [key, dtype, shape, [...data]]);
  const common = [
    ['x', 'float32', [2, 3, 4], GRID],
    ['labels', 'int64', [2], [2n ** 40n, -1n]],
    ['h', 'float16', [2, 1], [0x3800, 0x7e00]],
  ];
  const rest = name === 'several.npz' ? [...common, ['größe', 'float64', [], [3.5]]] : common;
  expect(listed).toEqual(expect.arrayContaining(rest));
  if (name === 'packed.npz') expect([...arrays.get('zeros')!.data]).toEqual(Array(2500).fill(0));
});

test.each([
  ['ours.npz', false],
  ['ours-packed.npz', true],
])('writes the very bytes of %s, which numpy has read and checked', async (name, compress) => {
  await writeNpz(path, Object.entries(ours()), { compress });
  expect(readFileSync(path).equals(readFileSync(golden(name)))).toBe(true);
});

test.each([false, true])('reads what it wrote, compressed: %s', async (compress) => {
  const large = tensor(Float32Array.from({ length: 700_000 }, (_, i) => Math.fround(Math.sin(i))));
  const parameters = new Parameters([
    ['a.b', large],
    ['empty', tensor([], { shape: [0, 4] })],
  ]);
  await writeNpz(path, parameters, { compress });
  const arrays = await readNpz(path);
  expect([...arrays.keys()]).toEqual(['a.b', 'empty']);
  expect(arrays.get('a.b')!.data).toEqual(await large.data());
  expect(arrays.get('empty')!.shape).toEqual([0, 4]);
});

test.each([
  ['bfloat16', [['x', tensor([1], { dtype: 'bfloat16' })]], 'ERR_DTYPE'],
  [
    'a name twice',
    [
      ['x', tensor([1])],
      ['x', tensor([2])],
    ],
    'ERR_OPTION',
  ],
  ['no name', [['', tensor([1])]], 'ERR_OPTION'],
  [
    'data that do not fill the shape',
    [['x', { dtype: 'uint8', shape: [2], data: new Uint8Array(3) }]],
    'ERR_SHAPE',
  ],
] as const)('refuses to write %s', async (_what, arrays, code) => {
  await expect(writeNpz(path, arrays)).rejects.toMatchObject({ code });
});

describe('a broken archive', () => {
  const good = readFileSync(golden('packed.npz'));

  it('is refused in every shortened form', async () => {
    for (let length = 0; length < good.length; length++) {
      await expect(parseNpz(good.subarray(0, length), 'short')).rejects.toMatchObject({ code: 'ERR_FORMAT' });
    }
  });

  it('is refused or read, whatever byte is changed', async () => {
    let read = 0;
    for (let at = 0; at < good.length; at++) {
      const bytes = Uint8Array.from(good);
      bytes[at] = good[at]! ^ (1 << (at % 8));
      const outcome = await parseNpz(bytes, 'changed').catch((error: unknown) => error);
      if (outcome instanceof Map) read += 1;
      else expect(outcome).toMatchObject({ code: expect.stringMatching(/^ERR_(FORMAT|SIZE)$/) });
    }
    // Times, attributes and the like do not matter.
    expect(read).toBeGreaterThan(0);
  });

  it('is found out by its checksum', async () => {
    const bytes = Uint8Array.from(readFileSync(golden('several.npz')));
    const data = Buffer.from(bytes.buffer).indexOf(Buffer.from(Float32Array.of(5).buffer));
    bytes[data] = bytes[data]! ^ 1;
    await expect(parseNpz(bytes, 'flipped')).rejects.toMatchObject({
      message: expect.stringContaining("'x.npy' is damaged"),
    });
  });

  it('does not unpack more than it is allowed to, nor more than can be in it', async () => {
    await expect(readNpz(golden('packed.npz'), { maxBytes: 100 })).rejects.toMatchObject({
      code: 'ERR_SIZE',
    });
    const bytes = Buffer.from(good);
    const entry = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    bytes.writeUInt32LE(2 ** 31, entry + 24);
    writeFileSync(path, bytes);
    await expect(readNpz(path)).rejects.toMatchObject({
      message: expect.stringContaining('do not come out of'),
    });
  });
});

afterAll(() => {
  const files = readdirSync(join(__dirname, 'golden')).filter((name) => /^(?!ours).*np[yz]$/.test(name));
  announce(
    'R20',
    `${files.length} npy and npz files of NumPy read or refused by name, ours equal to what NumPy reads`,
  );
});
