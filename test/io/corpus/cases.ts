import { crc32, deflateRawSync } from 'node:zlib';

import { fileOf, lengthField, member, one } from '../../boundary/safetensorsFiles';

/**
 * Inputs that are wrong in ways that have broken parsers of these formats, ours or others: sizes that wrap, that promise more
 * than there is, that differ from one place to the next; text where a number is due; nesting without end. `npx tsx
 * test/io/corpus/make.ts` writes them beside this file; the fuzzer begins with them, and `corpus.test.ts` replays them.
 */
export const CASES: Readonly<Record<string, Buffer>> = {
  'empty.safetensors': Buffer.alloc(0),
  'length-2-64.safetensors': Buffer.concat([lengthField(2n ** 64n - 8n), Buffer.from('{}')]),
  'length-beyond.safetensors': Buffer.concat([lengthField(3), Buffer.from('{}')]),
  'nested.safetensors': fileOf(`{"w":${'['.repeat(4096)}`),
  'nested-objects.safetensors': fileOf('{"__metadata__":'.repeat(256)),
  'size-wraps-to-0.safetensors': one('"F32"', '[4294967296,4294967296]', '[0,0]', 0),
  'size-wraps-to-4.safetensors': one('"F32"', '[4294967296,4294967296,1]', '[0,4]'),
  'zero-hides-overflow.safetensors': one('"U8"', '[0,9007199254740991,9007199254740991]', '[0,0]', 0),
  'offsets-backwards.safetensors': one('"F32"', '[1]', '[4,0]'),
  'offsets-beyond.safetensors': one('"F32"', '[1]', '[0,8]'),
  'overlap.safetensors': fileOf(
    `{${member('a', '"U8"', '[2]', '[0,2]')},${member('b', '"U8"', '[2]', '[1,3]')}}`,
    3,
  ),
  'hole.safetensors': fileOf(
    `{${member('a', '"U8"', '[1]', '[0,1]')},${member('b', '"U8"', '[1]', '[2,3]')}}`,
    3,
  ),
  'name-twice.safetensors': fileOf(
    `{${member('a', '"U8"', '[1]', '[0,1]')},${member('\\u0061', '"U8"', '[1]', '[1,2]')}}`,
    2,
  ),
  'utf8-cut.safetensors': fileOf(Buffer.from([0x7b, 0x22, 0xf0, 0x9f, 0x98, 0x22, 0x7d])),
  'utf8-overlong.safetensors': fileOf(Buffer.from([0x7b, 0x22, 0xf0, 0x80, 0x80, 0xaf, 0x22, 0x7d])),
  'utf8-surrogate.safetensors': fileOf(Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d])),
  'utf8-beyond.safetensors': fileOf(Buffer.from([0x7b, 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22, 0x7d])),
  'escape-cut.safetensors': fileOf('{"\\ud83d\\u'),
  'extent-2-53.safetensors': one('"F32"', '[9007199254740992]', '[0,4]'),
  'rank-4096.safetensors': one('"U8"', `[${Array.from({ length: 4096 }, () => '1').join(',')}]`, '[0,1]', 1),

  'empty.npy': Buffer.alloc(0),
  'magic-only.npy': Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
  'header-beyond.npy': Buffer.from('\x93NUMPY\x01\x00\xff\xff{', 'latin1'),
  'header-4-gb.npy': Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\xff{', 'latin1'),
  'version-9.npy': npy('<f4', '(1,)', 4, '\x09'),
  'objects.npy': npy('|O', '(1,)', 8),
  'size-wraps.npy': npy('<f4', '(4294967296, 4294967296)', 0),
  'extent-negative.npy': npy('<f4', '(-1,)', 4),
  'extent-huge.npy': npy('<f4', '(99999999999999999999,)', 4),
  'data-short.npy': npy('<f8', '(2,)', 15),
  'data-long.npy': npy('<f8', '(1,)', 9),
  'code-for-shape.npy': npy('<f4', '__import__("os").abort()', 4),
  'parentheses.npy': npy('<f4', '('.repeat(4096), 0),

  'empty.npz': Buffer.alloc(0),
  'cut.npz': zip('x.npy', npy('<f4', '(1,)', 4)).subarray(0, 60),
  'bomb.npz': zip('x.npy', Buffer.alloc(1), { says: 0xffff_fff0 }),
  'deflated-junk.npz': zip('x.npy', npy('<f4', '(1,)', 4), { junk: true }),
  'no-npy.npz': zip('x.npy', Buffer.from('not an array')),

  'empty.csv': Buffer.alloc(0),
  'quote-open.csv': Buffer.from('x,label\n"1,0\n'),
  'zeros.csv': Buffer.concat([Buffer.from('x,label\n'), Buffer.alloc(64)]),
  'columns.csv': Buffer.from(`x,label\n${'1,'.repeat(4096)}0\n`),
  'class-huge.csv': Buffer.from('x,label\n1,9007199254740993\n'),
  'infinite.csv': Buffer.from('x,label\n1e999,0\n'),

  'empty.idx': Buffer.alloc(0),
  'magic-only.idx': Buffer.from([0, 0, 8, 1]),
  'no-axes.idx': Buffer.from([0, 0, 8, 0]),
  'size-wraps.idx': Buffer.from([0, 0, 8, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'axes-255.idx': Buffer.concat([Buffer.from([0, 0, 8, 255]), Buffer.alloc(64, 1)]),
  'dtype-0.idx': Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 7]),
};

/** An npy file of this header and so many bytes of data. */
function npy(descr: string, shape: string, dataBytes: number, version = '\x01'): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  const magic = Buffer.from(`\x93NUMPY${version}\x00`, 'latin1');
  return Buffer.concat([magic, length, Buffer.from(padded), Buffer.alloc(dataBytes)]);
}

/** A zip file with one deflated member, which may lie about its size or hold what no deflater wrote. */
function zip(name: string, content: Buffer, wrong: { says?: number; junk?: boolean } = {}): Buffer {
  const packed = wrong.junk === true ? Buffer.alloc(32, 0xff) : deflateRawSync(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(wrong.says ?? content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
