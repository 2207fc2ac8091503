import { sameShape } from '../shape';
import type { KernelStep } from './lower';
import { isWhole, type Block, type Value } from './value';

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

/** From so many bytes on a block shares slots with blocks of its very size only. */
const LARGE = 1 << 20;

/**
 * Gives every block a place. Blocks that are neither inputs nor outputs share slots: a slot is free again after the last
 * step that reads its block, and an elementwise chain may write over an input that nobody reads afterwards. The executor
 * allocates a slot when it is first written and frees it after the last step that touches it.
 */
export function planPlaces(steps: readonly KernelStep[]): Plan {
  const lastRead = new Map<Block, number>();
  steps.forEach((step, i) => {
    for (const { block } of step.inputs) lastRead.set(block, i);
    for (const { block } of step.outputs) lastRead.set(block, i);
  });
  const places = new Map<Block, Place>();
  const slots = new SlotPool();
  steps.forEach((step, i) => {
    const dying: Block[] = [];
    for (const { block } of step.inputs) {
      if (block.input >= 0) {
        if (!places.has(block)) places.set(block, { kind: INPUT, index: block.input });
      } else if (lastRead.get(block) === i && !dying.includes(block) && places.get(block)?.kind === SLOT) {
        dying.push(block);
      }
    }
    for (const output of step.outputs) {
      const { block } = output;
      if (block.output >= 0) {
        places.set(block, { kind: OUTPUT, index: block.output });
        continue;
      }
      const over = overwritable(step, output, dying);
      const index = over ? (places.get(over)?.index ?? 0) : slots.take(block.bytes);
      if (over) dying.splice(dying.indexOf(over), 1);
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
function overwritable(step: KernelStep, output: Value, dying: readonly Block[]): Block | undefined {
  if (step.kernel !== 'fused') return undefined;
  return step.inputs.find(
    (value) =>
      dying.includes(value.block) &&
      // A stretch of half the elements in a wider dtype has as many bytes as its block.
      isWhole(value) &&
      value.block.bytes === output.block.bytes &&
      sameShape(value.shape, output.shape) &&
      step.inputs.filter((other) => other.block === value.block).length === 1,
  )?.block;
}

/**
 * Slots of different sizes. A small block takes the best fitting free one, or the largest grown: what that wastes is little,
 * and allocating costs more than the kernel. A large one takes the one that was freed last among those of its size, whose bytes may
 * still be in the caches; memory that no slot needs any more goes to others by the allocator.
 */
class SlotPool {
  readonly bytes: number[] = [];
  readonly #free: number[] = [];
  readonly #freeLarge = new Map<number, number[]>();

  take(bytes: number): number {
    if (bytes >= LARGE) return this.#freeLarge.get(bytes)?.pop() ?? this.bytes.push(bytes) - 1;
    const free = this.#free;
    let best = -1;
    let least = Infinity;
    let largest = -1;
    let most = -1;
    for (let i = 0; i < free.length; i++) {
      const size = this.bytes[free[i] ?? 0] ?? 0;
      if (size >= bytes && size < least) [best, least] = [i, size];
      if (size > most) [largest, most] = [i, size];
    }
    const [slot] = free.splice(best >= 0 ? best : largest, free.length > 0 ? 1 : 0);
    if (slot === undefined) return this.bytes.push(bytes) - 1;
    this.bytes[slot] = Math.max(this.bytes[slot] ?? 0, bytes);
    return slot;
  }

  free(slot: number): void {
    const bytes = this.bytes[slot] ?? 0;
    if (bytes < LARGE) {
      this.#free.push(slot);
      return;
    }
    const alike = this.#freeLarge.get(bytes);
    if (alike) alike.push(slot);
    else this.#freeLarge.set(bytes, [slot]);
  }
}
