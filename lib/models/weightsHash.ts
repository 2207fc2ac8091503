import { createHash } from 'node:crypto';

import { evaluate } from '../graph/evaluate';
import { Tensor } from '../graph/tensor';
import { bytesOf, type HostTensor } from '../io/tensorBytes';

/**
 * SHA-256 of named tensors, in hexadecimal: of every name, dtype and shape and of all bytes, in the order of the names,
 * so that it does not matter how a file or a dictionary orders them. A single changed bit changes it.
 *
 * @throws AbortedError when `signal` fires.
 */
export async function weightsHash(
  tensors: Iterable<readonly [string, Tensor | HostTensor]>,
  signal?: AbortSignal,
): Promise<string> {
  const entries = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  await evaluate(
    entries.map(([, source]) => source).filter((source) => source instanceof Tensor),
    { signal },
  );
  const hash = createHash('sha256');
  for (const [name, source] of entries) {
    // Shape and dtype say how many bytes follow, so no two lists of tensors give one sequence of bytes.
    hash.update(`${JSON.stringify([name, source.dtype, source.shape])}\n`);
    for await (const bytes of bytesOf(source, signal)) hash.update(bytes);
  }
  return hash.digest('hex');
}
