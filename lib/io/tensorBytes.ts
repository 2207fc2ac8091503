import { setImmediate } from 'node:timers/promises';

import { PalimpsestError, ShapeError } from '../errors';
import { bytesPerElement, type DType, type StoredArray } from '../graph/dtype';
import { formatShape, sizeOf, type Shape } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { native } from '../native';
import { checkAborted } from './abort';

/** Numbers in JavaScript's memory as they are stored, in row-major order, with what makes a tensor of them. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: StoredArray;
}

/** A piece takes about a millisecond to copy or to hash: short enough not to hold up the event loop. */
const PIECE_BYTES = 1 << 21;

/**
 * The bytes of a tensor, a piece at a time, in row-major order and the machine's byte order. A piece ends at an
 * element's end and is valid until the next one is asked for. The tensor must have been evaluated.
 *
 * @throws AbortedError between two pieces.
 */
export async function* bytesOf(
  source: Tensor | HostTensor,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const total = byteLengthOf(source);
  const piece = source instanceof Tensor ? new Uint8Array(Math.min(PIECE_BYTES, total)) : undefined;
  for (let offset = 0; offset < total; offset += PIECE_BYTES) {
    checkAborted('bytesOf', signal);
    const length = Math.min(PIECE_BYTES, total - offset);
    if (source instanceof Tensor) {
      const bytes = (piece as Uint8Array).subarray(0, length);
      native.readBuffer(source.storage.handle, offset, bytes);
      yield bytes;
    } else {
      yield new Uint8Array(source.data.buffer, source.data.byteOffset + offset, length);
    }
    if (offset + length < total) await setImmediate();
  }
}

/** How many bytes `bytesOf` gives. @throws ShapeError when host data do not fill their shape. */
export function byteLengthOf(source: Tensor | HostTensor): number {
  const length = sizeOf(source.shape) * bytesPerElement(source.dtype);
  if (!(source instanceof Tensor) && source.data.byteLength !== length) {
    throw new ShapeError(
      `bytesOf: ${source.dtype} ${formatShape(source.shape)} needs ${length} bytes, got ${source.data.byteLength}`,
    );
  }
  if (!Number.isSafeInteger(length))
    throw new PalimpsestError('ERR_SIZE', `bytesOf: ${length} bytes are too many`);
  return length;
}
