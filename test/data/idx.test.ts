import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseIdx, readIdx } from '../../lib/data/idx';
import { temporaryFolder } from '../io/temporaryFolder';

const path = join(temporaryFolder(), 'idx');

const header = (type: number, ...extents: number[]): Buffer => {
  const bytes = Buffer.alloc(4 + 4 * extents.length);
  bytes[2] = type;
  bytes[3] = extents.length;
  extents.forEach((extent, axis) => bytes.writeUInt32BE(extent, 4 + 4 * axis));
  return bytes;
};
const file = (extents: number[], dataBytes: number, type = 8): Buffer =>
  Buffer.concat([header(type, ...extents), Uint8Array.from({ length: dataBytes }, (_, i) => i)]);

describe('readIdx', () => {
  it('reads labels and images', async () => {
    writeFileSync(path, file([3], 3));
    expect(await readIdx(path)).toEqual({ shape: [3], data: Buffer.from([0, 1, 2]) });
    writeFileSync(path, file([2, 1, 3], 6));
    expect((await readIdx(path)).shape).toEqual([2, 1, 3]);
    await expect(readIdx(`${path}.missing`)).rejects.toMatchObject({ code: 'ERR_IO' });
    await expect(readIdx(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});

describe('parseIdx', () => {
  it.each<[string, Buffer, RegExp]>([
    ['no bytes', Buffer.alloc(0), /0 bytes, too few/],
    ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0]), /gunzip/],
    ['another start', Buffer.from([1, 0, 8, 1, 0, 0, 0, 0]), /two zero bytes/],
    ['signed bytes', file([1], 1, 9), /got type 0x09/],
    ['floats', file([1], 4, 0x0d), /got type 0x0d/],
    ['no axes', file([], 0), /1 to 4 axes, got 0/],
    ['five axes', file([1, 1, 1, 1, 1], 1), /1 to 4 axes, got 5/],
    ['a header cut short', file([2, 2, 2], 0).subarray(0, 15), /header of 16 bytes is cut short/],
    ['too few bytes', file([2, 2], 3), /\[2, 2\] needs 4 bytes of data, got 3/],
    ['too many bytes', file([2, 2], 5), /\[2, 2\] needs 4 bytes of data, got 5/],
    ['a size that wraps', file([2 ** 31, 2 ** 31, 4], 0), /bytes of data, got 0/],
    [
      'little-endian extents',
      Buffer.concat([Buffer.from([0, 0, 8, 1, 3, 0, 0, 0]), Buffer.alloc(3)]),
      /got 3/,
    ],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => parseIdx(bytes, 'labels')).toThrow(
      expect.objectContaining({ name: 'FormatError', message: expect.stringMatching(message) }),
    );
    expect(() => parseIdx(bytes, 'labels')).toThrow("'labels': idx: ");
  });
});
