import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import '../../lib/graph/evaluate';
import { toHalfBits } from '../../lib/graph/halves/halfBits';
import { decodeTfjsModel, readTfjsModel } from '../../lib/io/tfjs/model';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();

const floats = Float32Array.from([1.5, -2, 0.25, 8]);
const halves = toHalfBits('float16', [0.5, -3, 65504]);
const words = Uint16Array.from([0, 1, 65535]);
const bytes = (...arrays: ArrayBufferView[]): Buffer =>
  Buffer.concat(arrays.map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)));

const weights = [
  { name: 'a', shape: [2, 2], dtype: 'float32' },
  { name: 'flag', shape: [3], dtype: 'bool' },
  { name: 'half', shape: [3], dtype: 'float32', quantization: { dtype: 'float16' } },
  { name: 'wide', shape: [3], dtype: 'float32', quantization: { dtype: 'uint16', min: -1, scale: 0.5 } },
  { name: 'byte', shape: [], dtype: 'float32', quantization: { dtype: 'uint8', min: -0.5, scale: 0.01 } },
  { name: 'whole', shape: [1], dtype: 'int32', quantization: { dtype: 'uint8', min: -3, scale: 1 } },
];
const content = bytes(floats, Uint8Array.from([1, 0, 1]), halves, words, Uint8Array.from([200, 7]));

test('reads every dtype and quantisation from several shards', async () => {
  writeFileSync(join(folder, 'one'), content.subarray(0, 17));
  writeFileSync(join(folder, 'two'), content.subarray(17));
  const model = { modelTopology: { node: [] }, weightsManifest: [{ paths: ['one', 'two'], weights }] };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
  const { parameters, format } = await readTfjsModel(join(folder, 'model.json'));
  expect(format).toBe('graph');
  const values = await Promise.all([...parameters].map(async ([, x]) => [...(await x.data())]));
  expect(values).toEqual([
    [1.5, -2, 0.25, 8],
    [1, 0, 1],
    [0.5, -3, 65504],
    [-1, -0.5, 32766.5],
    [Math.fround(200 * 0.01 - 0.5)],
    [4],
  ]);
  expect([...parameters].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ['a', 'float32', [2, 2]],
    ['flag', 'bool', [3]],
    ['half', 'float32', [3]],
    ['wide', 'float32', [3]],
    ['byte', 'float32', []],
    ['whole', 'int32', [1]],
  ]);
});

test('reads a manifest without a network', () => {
  const { format, topology } = decodeTfjsModel([{ paths: ['x'], weights }], content);
  expect([format, topology]).toEqual(['weights', undefined]);
});

const one = (weight: object): unknown => [{ paths: ['x'], weights: [weight] }];

test.each([
  ['no list', {}, "a 'weightsManifest'"],
  ['a group without weights', [{ paths: [] }], "'paths' and 'weights'"],
  ['a path out of the folder', [{ paths: ['../x'], weights: [] }], 'a path within the folder'],
  ['an absolute path', [{ paths: ['/etc/x'], weights: [] }], 'a path within the folder'],
  ['no name', one({ shape: [1], dtype: 'float32' }), 'without a name'],
  ['a negative extent', one({ name: 'w', shape: [-1], dtype: 'float32' }), "'w': a shape"],
  ['a size beyond numbers', one({ name: 'w', shape: [2 ** 40, 2 ** 40], dtype: 'float32' }), 'too large'],
  ['more than the files hold', one({ name: 'w', shape: [2 ** 40], dtype: 'float32' }), 'the files hold 33'],
  ['a dtype of text', one({ name: 'w', shape: [1], dtype: 'string' }), 'a dtype of'],
  [
    'a quantisation without a scale',
    one({ name: 'w', shape: [33], dtype: 'float32', quantization: { dtype: 'uint8', min: 0 } }),
    "'min' and 'scale'",
  ],
  [
    'an unknown quantisation',
    one({ name: 'w', shape: [33], dtype: 'float32', quantization: { dtype: 'int4', min: 0, scale: 1 } }),
    'a quantisation to',
  ],
  ['a bool of another byte', one({ name: 'w', shape: [33], dtype: 'bool' }), 'other bytes than 0 and 1'],
])('refuses %s', (_what, manifest, message) => {
  expect(() => decodeTfjsModel(manifest, content)).toThrow(message);
  expect(() => decodeTfjsModel(manifest, content)).toThrow(expect.objectContaining({ code: 'ERR_FORMAT' }));
});

test('refuses bytes that are too few', () => {
  expect(() => decodeTfjsModel([{ paths: [], weights }], content.subarray(1))).toThrow('take 33 bytes');
});
