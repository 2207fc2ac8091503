import { crc32, deflateSync } from 'node:zlib';

import { ShapeError } from '../errors';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * A grey image as a PNG file: 8 bits a pixel, row by row from the top left, 0 is black.
 *
 * @throws ShapeError unless there are `width * height` pixels, at least one.
 */
export function encodeGreyPng(pixels: ArrayLike<number>, width: number, height: number): Buffer {
  const fits = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0;
  if (!fits || pixels.length !== width * height) {
    throw new ShapeError(`encodeGreyPng: ${width} x ${height} pixels expected, got ${pixels.length}`);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits per sample; the zeros after it mean grey, deflate, plain filters, not interlaced

  // Every row begins with the number of its filter: 0, none.
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    rows.set(
      Uint8ClampedArray.from({ length: width }, (_, x) => pixels[y * width + x] ?? 0),
      y * (width + 1) + 1,
    );
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The image as something that stands in an attribute. */
export function greyPngUrl(pixels: ArrayLike<number>, width: number, height: number): string {
  return `data:image/png;base64,${encodeGreyPng(pixels, width, height).toString('base64')}`;
}

/** Length, type, data, and the checksum of the last two. */
function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
