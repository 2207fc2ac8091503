import type { Tensor } from '../../lib/graph/tensor';

/** What two programs compare of results too large to send: of each tensor its norm and evenly spaced elements. */
export interface Fingerprint {
  readonly size: number;
  readonly norm: number;
  readonly at: readonly number[];
}

const SAMPLES = 256;

export function fingerprintOfNumbers(numbers: Float32Array | Float64Array): Fingerprint {
  const count = Math.min(SAMPLES, numbers.length);
  const at = Array.from(
    { length: count },
    (_, i) => numbers[Math.floor((i * numbers.length) / count)] ?? NaN,
  );
  let squares = 0;
  for (const number of numbers) squares += number * number;
  return { size: numbers.length, norm: Math.sqrt(squares), at };
}

export async function fingerprintOf(tensors: readonly Tensor[]): Promise<Fingerprint[]> {
  const found: Fingerprint[] = [];
  for (const tensor of tensors) {
    found.push(fingerprintOfNumbers((await tensor.data()) as Float32Array | Float64Array));
  }
  return found;
}

/**
 * How far two results are apart, relative to the second: the largest over tensors of the difference of norms, and of the
 * difference of the sampled elements over what their size would be, were all elements of a tensor alike. Infinite for
 * results of other sizes.
 */
export function relativeError(ours: readonly Fingerprint[], theirs: readonly Fingerprint[]): number {
  if (ours.length !== theirs.length) return Infinity;
  // A tensor whose numbers are nothing but rounding is measured by the largest of the result.
  const floor = 1e-6 * Math.max(...theirs.map(({ norm, size }) => norm / Math.sqrt(size)));
  let worst = 0;
  for (const [i, { size, norm, at }] of theirs.entries()) {
    const mine = ours[i];
    if (mine?.size !== size) return Infinity;
    const typical = Math.max(norm / Math.sqrt(size), floor);
    const apart = Math.hypot(...at.map((element, k) => element - (mine.at[k] ?? NaN)));
    const errors = [
      Math.abs(norm - mine.norm) / (typical * Math.sqrt(size)),
      apart / (typical * Math.sqrt(at.length)),
    ];
    for (const error of errors) worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }
  return worst;
}
