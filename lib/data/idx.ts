import { FormatError } from '../errors';
import { formatShape, type Shape } from '../graph/shape';
import { readBytes } from '../io/readBytes';

/** What an idx file holds: unsigned bytes in row-major order. */
export interface IdxArray {
  readonly shape: Shape;
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const MAX_AXES = 4;

/**
 * Reads an idx file of unsigned bytes, the format of MNIST: `00 00 08 rank`, big-endian 32-bit extents, then exactly
 * the bytes that these ask for. Labels have one axis, images three.
 *
 * @throws FormatError with the path and the reason; PalimpsestError ERR_IO.
 */
export async function readIdx(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<IdxArray> {
  return parseIdx(await readBytes(path, options.signal), path);
}

/** Takes the bytes of an idx file apart. `where` names them in messages. */
export function parseIdx(bytes: Uint8Array, where: string): IdxArray {
  const refuse = (reason: string): never => {
    throw new FormatError(`'${where}': idx: ${reason}`);
  };
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) refuse('the file is compressed; unpack it with gunzip first');
  if (bytes.length < 4) refuse(`the file has ${bytes.length} bytes, too few for a header`);
  if (bytes[0] !== 0 || bytes[1] !== 0) refuse('the file does not start with two zero bytes');
  const [type = 0, rank = 0] = bytes.subarray(2, 4);
  if (type !== UNSIGNED_BYTE) {
    refuse(`expected unsigned bytes (type 0x08), got type 0x${type.toString(16).padStart(2, '0')}`);
  }
  if (rank < 1 || rank > MAX_AXES) refuse(`expected 1 to ${MAX_AXES} axes, got ${rank}`);
  const start = 4 + 4 * rank;
  if (bytes.length < start) refuse(`the header of ${start} bytes is cut short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // Four extents below 2^32 may exceed the exact integers, but not by so little that a file's length could agree.
  const expected = shape.reduce((product, extent) => product * extent, 1);
  const found = bytes.length - start;
  if (found !== expected)
    refuse(`the shape ${formatShape(shape)} needs ${expected} bytes of data, got ${found}`);
  return { shape, data: bytes.subarray(start) };
}
