import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import { sizeOf } from '../graph/shape';
import { checkAborted } from '../io/abort';
import type { LabeledSet } from './labeledSet';

/** As much as is copied and hashed at a time: about two milliseconds of work. */
const PIECE_BYTES = 1 << 21;

/**
 * SHA-256 of a set, in hexadecimal: of its kind, all labels and all examples in their order. Two sets with the same
 * digest hold the same data, however they were put together.
 *
 * @throws AbortedError when `signal` fires.
 */
export async function digestOf(set: LabeledSet, signal?: AbortSignal): Promise<string> {
  const { dtype, exampleShape, classCount, size } = set;
  const hash = createHash('sha256').update(JSON.stringify({ dtype, exampleShape, classCount, size }));
  hash.update(set.labels);
  const rowBytes = sizeOf(exampleShape) * (dtype === 'uint8' ? 1 : 4);
  const step = Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, rowBytes)));
  for (let begin = 0; begin < size; begin += step) {
    checkAborted('digestOf', signal);
    const indices = Int32Array.from({ length: Math.min(step, size - begin) }, (_, i) => begin + i);
    hash.update(set.read(indices));
    await setImmediate();
  }
  return hash.digest('hex');
}
