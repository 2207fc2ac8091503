import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { readSafetensors } from '../../lib/io/safetensors';
import type { HostTensor } from '../../lib/io/tensorBytes';
import { writeSafetensors } from '../../lib/io/writeSafetensors';
import { memory } from '../../lib/native';
import { add } from '../../lib/ops/elementwise/arithmetic';
import { temporaryFolder } from './temporaryFolder';
import { memoryAtRest } from '../support/garbage';
import { announce } from '../support/numbers';

const golden = join(__dirname, 'golden');
const folder = temporaryFolder();
const path = join(folder, 'file.safetensors');

const ODD_NAME = 'é😀"\n';

/** What golden/ours.safetensors holds; golden/reference.py reads it with the reference implementation. */
const ours = (): [string, Tensor | HostTensor][] => [
  ['w', tensor(new Float32Array([1.5, -0, Infinity, 2 ** -149]), { shape: [2, 2] })],
  ['d', tensor(new Float64Array([0.1]), { shape: [] })],
  ['i', tensor(new Int32Array([-1, 2 ** 31 - 1]))],
  ['u', tensor(new Uint8Array([0, 128, 255]))],
  ['b', tensor([[true], [false]])],
  ['none', tensor(new Float32Array(0), { shape: [2, 0] })],
  ['late', { dtype: 'float64', shape: [1], data: new Float64Array([7]) }],
  [ODD_NAME, tensor(new Uint8Array([9]))],
];
const OUR_METADATA: [string, string][] = [
  ['format', 'pt'],
  ['__proto__', '☺'],
];

const bytesIn = (file: string): Buffer => readFileSync(join(golden, file));

describe('readSafetensors', () => {
  it('reads a file of the reference implementation', async () => {
    const file = await readSafetensors(join(golden, 'reference.safetensors'));
    expect([...file.metadata]).toEqual([['format', 'np']]);
    expect(file.entries).toContainEqual({ name: 'brain', dtype: 'BF16', shape: [3] });
    expect(file.entries).toHaveLength(11);
    const values = async (name: string): Promise<number[]> => [...(await file.tensor(name).data())];
    expect(await values('float')).toEqual([1.5, -0, Infinity, Math.fround(Math.PI), 2 ** -149, -3]);
    expect(await values('double')).toEqual([0.1, -1e300]);
    expect(await values('int')).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect(await values('bytes')).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await values('flags')).toEqual([1, 0, 1]);
    expect(await values('scalar')).toEqual([42]);
    expect(await values('empty')).toEqual([]);
    expect(await values(ODD_NAME)).toEqual([1, 2]);
    expect(file.tensor('int')).toMatchObject({ dtype: 'int32', shape: [2, 1] });
    expect(file.tensor('empty')).toMatchObject({ dtype: 'float32', shape: [0, 3] });
    expect(file.tensor('flags').dtype).toBe('bool');
    expect(await values('half')).toEqual([1, 2]);
    expect(await values('brain')).toEqual([1, -2, NaN]);
    expect([...(await file.tensor('brain').stored())]).toEqual([0x3f80, 0xc000, 0x7fc1]);
    expect([...(await file.tensor('long').data<'int64'>())]).toEqual([2n ** 53n + 1n]);
  });

  it('refuses dtypes without a tensor only when they are asked for, by name', async () => {
    const others = [
      ['short', 'I16'],
      ['word', 'U16'],
      ['signed', 'I8'],
      ['unsigned', 'U32'],
      ['long', 'U64'],
      ['tiny', 'F8_E4M3'],
    ] as const;
    const entry = (dtype: string): object => ({ dtype, shape: [0], data_offsets: [0, 0] });
    const entries = [...others, ['float', 'F32']].map(([name, dtype]) => [name, entry(dtype)]);
    const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(path, Buffer.concat([length, text]));
    const file = await readSafetensors(path);
    for (const [name, dtype] of others) {
      expect(() => file.tensor(name)).toThrow(expect.objectContaining({ code: 'ERR_DTYPE' }));
      expect(() => file.tensor(name)).toThrow(`tensor "${name}" is ${dtype}`);
    }
    expect(() => file.parameters()).toThrow(expect.objectContaining({ code: 'ERR_DTYPE' }));
    expect(file.parameters(['float']).names).toEqual(['float']);
  });

  it('names the near one when a tensor is not there', async () => {
    const file = await readSafetensors(join(golden, 'reference.safetensors'));
    expect(file.has('scalar')).toBe(true);
    expect(file.has('scaler')).toBe(false);
    expect(() => file.tensor('scaler')).toThrow(expect.objectContaining({ code: 'ERR_PARAMETER' }));
    expect(() => file.tensor('scaler')).toThrow("did you mean 'scalar'?");
  });

  it('names the path of a file that cannot be read or is something else', async () => {
    await expect(readSafetensors(join(folder, 'nowhere'))).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('nowhere'),
    });
    await expect(readSafetensors(__filename)).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringContaining('safetensors.test.ts'),
    });
  });

  it('maps: a tensor of a large file costs no memory of ours until it is used, and outlives the file', async () => {
    const count = 1 << 20;
    const before = await memoryAtRest();
    await writeSafetensors(path, [
      ['big', { dtype: 'float32', shape: [count], data: new Float32Array(count).fill(3) }],
    ]);
    const big = (await readSafetensors(path)).tensor('big');
    expect(memory().liveBytes).toBeLessThanOrEqual(before.liveBytes);
    expect(memory().handleBytes - before.handleBytes).toBe(4 * count);
    const sum = add(big, 1);
    expect((await sum.data()).every((value) => value === 4)).toBe(true);
    sum.dispose();
    big.dispose();
    expect(memory().handleBytes).toBeLessThanOrEqual(before.handleBytes);
  });
});

describe('writeSafetensors', () => {
  it('writes the very bytes that the reference implementation has read and checked', async () => {
    await writeSafetensors(path, ours(), { metadata: OUR_METADATA });
    expect(readFileSync(path).equals(bytesIn('ours.safetensors'))).toBe(true);
    expect(readFileSync(path).readBigUInt64LE(0) % 8n).toBe(0n);
  });

  it('writes a file of the reference implementation back byte for byte', async () => {
    const file = await readSafetensors(join(golden, 'plain.safetensors'));
    await writeSafetensors(path, file.parameters(), { metadata: file.metadata });
    expect(readFileSync(path).equals(bytesIn('plain.safetensors'))).toBe(true);
  });

  it('keeps every bit of a NaN, of a denormal and of minus zero', async () => {
    const bits = new Uint32Array([0x7fc12345, 0xff800001, 0x80000000, 0x00000001]);
    await writeSafetensors(path, [['x', tensor(new Float32Array(bits.buffer))]]);
    const data = await (await readSafetensors(path)).tensor('x').data<'float32'>();
    expect(new Uint32Array(data.buffer)).toEqual(bits);
  });

  it('evaluates what is lazy, and takes Parameters', async () => {
    const parameters = new Parameters([['sum', add(tensor([1, 2]), 1)]]);
    await writeSafetensors(path, parameters, { metadata: { provenance: 'a test' } });
    const file = await readSafetensors(path);
    expect([...(await file.tensor('sum').data())]).toEqual([2, 3]);
    expect(file.metadata.get('provenance')).toBe('a test');
  });

  it('writes a tensor of many pieces, and from the middle of a buffer', async () => {
    const data = Float64Array.from({ length: 700_001 }, (_, i) => i).subarray(1);
    await writeSafetensors(path, [
      ['host', { dtype: 'float64', shape: [700_000], data }],
      ['ours', tensor(data)],
    ]);
    const file = await readSafetensors(path);
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (const name of ['host', 'ours']) {
      expect(bytes.equals(new Uint8Array((await file.tensor(name).data()).buffer))).toBe(true);
    }
  });

  it('writes no tensors at all', async () => {
    await writeSafetensors(path, []);
    expect((await readSafetensors(path)).entries).toEqual([]);
  });

  it('leaves the old file when it is aborted', async () => {
    writeFileSync(path, 'old');
    const big = new Float32Array(2_000_000);
    const entries = (): [string, HostTensor][] => [
      ['big', { dtype: 'float32', shape: [big.length], data: big }],
    ];
    const controller = new AbortController();
    const run = writeSafetensors(path, entries(), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(run).rejects.toMatchObject({ name: 'AbortedError', code: 'ERR_ABORTED' });
    await expect(writeSafetensors(path, entries(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file.safetensors']);
  });

  it.each([
    ['a repeated name', [['a', tensor([1])] as const, ['a', tensor([1])] as const], {}, /hold 'a' twice/],
    ['the name of the metadata', [['__metadata__', tensor([1])] as const], {}, /cannot name a tensor/],
    ['half a surrogate pair', [['\ud800', tensor([1])] as const], {}, /half a surrogate pair/],
    ['half a pair in the metadata', [], { a: '\udc00' }, /half a surrogate pair/],
    ['a repeated key', [], [['a', '1'] as const, ['a', '2'] as const], /hold 'a' twice/],
  ])('refuses %s', async (_what, tensors, metadata, message) => {
    await expect(writeSafetensors(path, tensors, { metadata })).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringMatching(message),
    });
  });

  it('refuses numbers that do not fill their shape, and a disposed tensor', async () => {
    const short: HostTensor = { dtype: 'float32', shape: [3], data: new Float32Array(2) };
    await expect(writeSafetensors(path, [['a', short]])).rejects.toMatchObject({ code: 'ERR_SHAPE' });
    const gone = tensor([1]);
    gone.dispose();
    await expect(writeSafetensors(path, [['a', gone]])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});

afterAll(() => {
  announce('R20', 'safetensors files of the reference implementation read, and written again byte by byte');
});
