/** Builds safetensors files for tests, whole ones and broken ones. */

/** The header's length as the file spells it: 8 bytes, little endian. */
export function lengthField(length: bigint | number): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(BigInt(length));
  return field;
}

/** A file of this header and so many bytes of data, which count 0, 1, 2, ... */
export function fileOf(header: string | Buffer, dataBytes = 0): Buffer {
  const text = Buffer.from(header);
  const data = Uint8Array.from({ length: dataBytes }, (_, i) => i);
  return Buffer.concat([lengthField(text.length), text, data]);
}

/** One member of the header, with the values as JSON text so that they can be wrong. */
export const member = (name: string, dtype: string, shape: string, offsets: string): string =>
  `"${name}":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;

/** A file with one tensor. */
export const one = (dtype: string, shape: string, offsets: string, dataBytes = 4): Buffer =>
  fileOf(`{${member('w', dtype, shape, offsets)}}`, dataBytes);
