import { permutation } from '../../lib/data/shuffle';
import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';

/**
 * The broken variant of SSD: as many dampening factors of the same sizes, at random places within each tensor. What it
 * does not achieve is owed to the selection, not to the amount of damage.
 */
export async function permutedFactors(original: Parameters, dampened: Parameters): Promise<Parameters> {
  const entries: [string, Tensor][] = [];
  for (const [name, before] of original) {
    const [a, b] = [await before.data(), await dampened.get(name).data()];
    const order = permutation(before.size, 9);
    const factor = (i: number): number => (a[i] === 0 ? 1 : b[i]! / a[i]!);
    const values = Float32Array.from(a, (value, i) => value * factor(order[i]!));
    entries.push([name, tensor(values, { shape: before.shape })]);
  }
  return new Parameters(entries);
}
