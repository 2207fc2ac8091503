import type { KernelStep } from '../lowering/lower';
import type { Plan } from '../lowering/places';

/** What a run holds besides its inputs, at the most. */
export interface Peak {
  /** Of slots alone. */
  readonly temporaryBytes: number;
  /** Of slots and of the results that have been begun. */
  readonly bytes: number;
}

/** Follows a program as the executor does: a place is allocated when first written, a slot freed after its last step. */
export function peakOf(
  steps: readonly KernelStep[],
  { places, slotBytes }: Plan,
  capacityOf: (bytes: number) => number,
): Peak {
  const lastStep = new Map<number, number>();
  steps.forEach(({ inputs, outputs }, i) => {
    for (const { block } of [...inputs, ...outputs]) {
      const place = places.get(block);
      if (place?.kind === 2) lastStep.set(place.index, i);
    }
  });
  const [held, begun] = [new Set<number>(), new Set<number>()];
  let [temporary, results, mostTemporary, most] = [0, 0, 0, 0];
  steps.forEach(({ inputs, outputs }, i) => {
    for (const { block } of outputs) {
      const place = places.get(block);
      if (place?.kind === 2 && !held.has(place.index)) {
        held.add(place.index);
        temporary += capacityOf(slotBytes[place.index] ?? 0);
      } else if (place?.kind === 1 && !begun.has(place.index)) {
        begun.add(place.index);
        results += capacityOf(block.bytes);
      }
    }
    mostTemporary = Math.max(mostTemporary, temporary);
    most = Math.max(most, temporary + results);
    for (const { block } of [...inputs, ...outputs]) {
      const place = places.get(block);
      if (place?.kind !== 2 || lastStep.get(place.index) !== i || !held.delete(place.index)) continue;
      temporary -= capacityOf(slotBytes[place.index] ?? 0);
    }
  });
  return { temporaryBytes: mostTemporary, bytes: most };
}
