import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseNpy, readNpy, writeNpy } from '../../lib/data/npy';
import { temporaryFolder } from '../io/temporaryFolder';

const golden = (name: string): string => join(__dirname, 'golden', name);
const folder = temporaryFolder();
const path = join(folder, 'array.npy');

const GRID = Array.from({ length: 24 }, (_, i) => i / 8);

describe('readNpy', () => {
  it.each([
    ['f4.npy', 'float32', [2, 3, 4], GRID],
    ['f4-version-2.npy', 'float32', [2], [1.5, 2.5]],
    ['f8-column-major.npy', 'float64', [2, 3, 4], GRID],
    ['i4-scalar.npy', 'int32', [], [-7]],
    ['i8.npy', 'int64', [4], [-(2n ** 31n), -1n, 0n, 2n ** 31n - 1n]],
    ['i8-large.npy', 'int64', [2], [0n, 2n ** 40n]],
    ['f2.npy', 'float16', [5], [0x3c00, 0xb800, 0x7bff, 0x7c00, 1]],
    ['u1-empty.npy', 'uint8', [0, 5], []],
    ['b1.npy', 'bool', [1, 2], [1, 0]],
  ])('reads %s, written by numpy', async (name, dtype, shape, values) => {
    const array = await readNpy(golden(name));
    expect({ ...array, data: [...array.data] }).toEqual({ dtype, shape, data: values });
  });

  it.each([
    ['big-endian.npy', /'>f4' elements; known are <f4, <f8, <f2, <i4, <i8, \|u1, \|b1/],
    ['complex.npy', /'<c8' elements/],
  ])('refuses %s, written by numpy, and says why', async (name, message) => {
    await expect(readNpy(golden(name))).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringMatching(message),
    });
  });

  it('names the path of a file that is not there', async () => {
    await expect(readNpy(join(folder, 'nowhere.npy'))).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('nowhere.npy'),
    });
  });
});

describe('writeNpy', () => {
  it('writes the very bytes that numpy has read and checked', async () => {
    const data = new Float64Array([9, 0.5, 1, 2, 3, 4, -0.25]).subarray(1);
    await writeNpy(path, { dtype: 'float64', shape: [2, 3], data });
    expect(readFileSync(path).equals(readFileSync(golden('ours.npy')))).toBe(true);
  });

  it.each([
    ['float32', [3], new Float32Array([NaN, -0, Infinity])],
    ['int32', [], new Int32Array([-5])],
    ['uint8', [2, 0], new Uint8Array()],
    ['float16', [2], Uint16Array.of(0x3c00, 0x7e00)],
    ['int64', [2], BigInt64Array.of(-1n, 2n ** 62n)],
    ['bool', [1, 1, 2], new Uint8Array([0, 1])],
  ] as const)('writes %s %j to be read again', async (dtype, shape, data) => {
    await writeNpy(path, { dtype, shape, data });
    expect(readFileSync(path).length % 64).toBe(data.byteLength);
    expect(await readNpy(path)).toEqual({ dtype, shape, data });
  });

  it('refuses data that do not fill the shape', async () => {
    const array = { dtype: 'float32', shape: [4], data: new Float32Array(3) } as const;
    await expect(writeNpy(path, array)).rejects.toMatchObject({ code: 'ERR_SHAPE' });
  });
});

describe('parseNpy', () => {
  /** A version 1 file with this dictionary and so many bytes of data. */
  const file = (dictionary: string, dataBytes = 8, version = '\x01\x00'): Buffer => {
    const text = Buffer.from(dictionary, 'latin1');
    const length = Buffer.alloc(2);
    length.writeUInt16LE(text.length);
    return Buffer.concat([
      Buffer.from(`\x93NUMPY${version}`, 'latin1'),
      length,
      text,
      Buffer.alloc(dataBytes),
    ]);
  };
  const dictionary = (descr: string, shape: string, order = 'False'): string =>
    `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

  it('takes any order of the keys, and no comma at the end', () => {
    expect(parseNpy(file("{ 'shape':(2,) ,'descr':'<f4','fortran_order':True}"), 'x').shape).toEqual([2]);
  });

  it.each<[string, Buffer, RegExp]>([
    ['no bytes', Buffer.alloc(0), /does not start with/],
    ['another file', Buffer.from('PK\x03\x04 a zip archive'), /does not start with/],
    ['version 3', file(dictionary("'<f4'", '(2,)'), 8, '\x03\x00'), /version 3.0/],
    ['version 1.7', file(dictionary("'<f4'", '(2,)'), 8, '\x01\x07'), /version 1.7/],
    ['a header cut short', file(dictionary("'<f4'", '(2,)')).subarray(0, 40), /cut short/],
    ['an object array', file(dictionary("'|O'", '(2,)')), /plain type/],
    ['a structured type', file(dictionary("[('a', '<f4')]", '(2,)')), /plain type/],
    ['an expression for the order', file(dictionary("'<f4'", '(2,)', 'not True')), /True or False/],
    ['a call for the shape', file(dictionary("'<f4'", "__import__('os')")), /tuple of whole numbers/],
    ['a number for the shape', file(dictionary("'<f4'", '2')), /tuple of whole numbers/],
    ['a bracketed number for the shape', file(dictionary("'<f4'", '(2)')), /tuple of whole numbers/],
    ['a negative extent', file(dictionary("'<f4'", '(-2,)')), /tuple of whole numbers/],
    ['a long extent', file(dictionary("'<f4'", '(2L,)')), /tuple of whole numbers/],
    ['17 axes', file(dictionary("'<f4'", `(${'1, '.repeat(17)})`), 4), /17 axes/],
    ['a size that wraps', file(dictionary("'<f4'", '(4294967296, 4294967296)')), /too large/],
    ['a size that wraps behind 0', file(dictionary("'<f4'", '(0, 9007199254740991, 3)'), 0), /too large/],
    ['too few bytes', file(dictionary("'<f4'", '(2,)'), 7), /needs 8 bytes of data, got 7/],
    ['too many bytes', file(dictionary("'<f4'", '(2,)'), 9), /needs 8 bytes of data, got 9/],
    ['a repeated key', file("{'descr': '<f4', 'descr': '<f4'}"), /'descr' appears twice/],
    ['a missing key', file("{'descr': '<f4', 'shape': (2,)}"), /'fortran_order' is missing/],
    ['no keys', file('{}'), /'descr', 'fortran_order' or 'shape' expected/],
    ['an unknown key', file("{'descr': '<f4', 'size': 2}"), /'descr', 'fortran_order' or 'shape' expected/],
    ['two commas', file("{'descr': '<f4',, 'shape': (2,)}"), /expected at character 16/],
    ['something after the dictionary', file(`${dictionary("'<f4'", '(2,)').trim()} + 1`), /the end expected/],
    ['a bool that is 2', Buffer.concat([file(dictionary("'|b1'", '(1,)'), 0), Buffer.from([2])]), /0 or 1/],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => parseNpy(bytes, 'the.npy')).toThrow(
      expect.objectContaining({ name: 'FormatError', message: expect.stringMatching(message) }),
    );
    expect(() => parseNpy(bytes, 'the.npy')).toThrow("'the.npy': npy: ");
  });
});
