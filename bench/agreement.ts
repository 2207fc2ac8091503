import { evaluate } from '../lib/graph/evaluate';
import { tensorsOf } from '../lib/graph/tree';

/**
 * Throws unless two trees hold the same numbers, tensor by tensor: the largest difference is at most `tolerance` of the
 * largest number.
 */
export async function checkAgreement<T>(what: string, one: T, other: T, tolerance: number): Promise<void> {
  await evaluate([one, other]);
  const [left, right] = [tensorsOf(one), tensorsOf(other)];
  if (left.length !== right.length) throw new Error(`${what}: ${left.length} tensors and ${right.length}`);
  for (const [i, tensor] of left.entries()) {
    const [a, b] = [await tensor.data(), await right[i]!.data()];
    let [largest, difference] = [0, 0];
    for (let k = 0; k < a.length; k++) {
      largest = Math.max(largest, Math.abs(a[k]!));
      difference = Math.max(difference, Math.abs(a[k]! - b[k]!));
    }
    // Written so that NaN fails too.
    if (a.length !== b.length || !(difference <= tolerance * largest)) {
      throw new Error(`${what}: tensor ${i} differs by ${difference}, its largest number is ${largest}`);
    }
  }
}
