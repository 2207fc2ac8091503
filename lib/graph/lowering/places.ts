import { sameShape } from '../shape';
import { isWhole, type Block, type KernelStep, type Value } from './lower';

/** Where a block lives while the program runs; the numbers of the kinds are the program format's. */
export interface Place {
  readonly kind: 0 | 1 | 2;
  readonly index: number;
}
const INPUT = 0;
const OUTPUT = 1;
const SLOT = 2;

export interface Plan {
  readonly places: ReadonlyMap<Block, Place>;
  readonly slotBytes: readonly number[];
}

/**
 * Gives every block a place. Blocks that are neither inputs nor outputs share slots: a slot is free again after the last
 * step that reads its block, and an elementwise chain may write over an input that nobody reads afterwards.
 */
export function planPlaces(steps: readonly KernelStep[]): Plan {
  const lastRead = new Map<Block, number>();
  steps.forEach((step, i) => {
    for (const { block } of [...step.inputs, ...step.outputs]) lastRead.set(block, i);
  });
  const places = new Map<Block, Place>();
  const slots = new SlotPool();
  steps.forEach((step, i) => {
    const dying = new Set(
      step.inputs
        .map((value) => value.block)
        .filter((b) => lastRead.get(b) === i && places.get(b)?.kind === SLOT),
    );
    for (const { block } of step.inputs)
      if (block.input >= 0) places.set(block, { kind: INPUT, index: block.input });
    for (const output of step.outputs) {
      const { block } = output;
      if (block.output >= 0) {
        places.set(block, { kind: OUTPUT, index: block.output });
        continue;
      }
      const over = overwritable(step, output, dying);
      const index = over ? (places.get(over)?.index ?? 0) : slots.take(block.bytes);
      if (over) dying.delete(over);
      places.set(block, { kind: SLOT, index });
    }
    for (const block of dying) slots.free(places.get(block)?.index ?? 0);
    // A result that nobody reads occupies its slot during its own step only.
    for (const { block } of step.outputs) {
      const place = places.get(block);
      if (lastRead.get(block) === i && place?.kind === SLOT) slots.free(place.index);
    }
  });
  return { places, slotBytes: slots.bytes };
}

/** The dying input that an elementwise chain may write its output over: read once, whole, under the very same shape. */
function overwritable(step: KernelStep, output: Value, dying: ReadonlySet<Block>): Block | undefined {
  if (step.kernel !== 'fused') return undefined;
  return step.inputs.find(
    (value) =>
      dying.has(value.block) &&
      // A stretch of half the elements in a wider dtype has as many bytes as its block.
      isWhole(value) &&
      value.block.bytes === output.block.bytes &&
      sameShape(value.shape, output.shape) &&
      step.inputs.filter((other) => other.block === value.block).length === 1,
  )?.block;
}

/** Slots of different sizes; the best fitting free one is reused, or the largest grown. */
class SlotPool {
  readonly bytes: number[] = [];
  readonly #free: number[] = [];

  take(bytes: number): number {
    const size = (slot: number): number => this.bytes[slot] ?? 0;
    const fitting = this.#free.filter((slot) => size(slot) >= bytes).sort((a, b) => size(a) - size(b))[0];
    const slot = fitting ?? [...this.#free].sort((a, b) => size(b) - size(a))[0];
    if (slot === undefined) {
      this.bytes.push(bytes);
      return this.bytes.length - 1;
    }
    this.#free.splice(this.#free.indexOf(slot), 1);
    this.bytes[slot] = Math.max(size(slot), bytes);
    return slot;
  }

  free(slot: number): void {
    this.#free.push(slot);
  }
}
