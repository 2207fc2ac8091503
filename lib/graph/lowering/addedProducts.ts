import { sameShape, type Shape } from '../shape';
import type { ElementwiseStep, KernelStep, Step } from './lower';
import { isWhole, type Block, type Value } from './value';

/** A product as deep as this costs as much arithmetic as its tiles hide of memory's latency; deeper ones gain nothing. */
const MAX_DEPTH = 128;
/** Smaller results stay in the caches anyway. */
const LEAST_ELEMENTS = 1 << 16;
/** Products of fewer rows or columns have loops of their own. */
const LEAST_EXTENT = 16;

/**
 * `W + A B` as one instruction where the product is of low rank and wanted nowhere else: A B is as large as W, and would be
 * written to memory only to be read once.
 */
export function withAddedProducts(steps: readonly Step[]): readonly Step[] {
  const products = new Map<Block, KernelStep>();
  for (const step of steps) if (isUpdate(step)) products.set((step.outputs[0] as Value).block, step);
  if (products.size === 0) return steps;
  const makers = new Map(steps.flatMap((step) => blocksMadeBy(step).map((block) => [block, step] as const)));
  const readers = readersOf(steps);
  const dropped = new Set<Step>();
  const merged = steps.map((step): Step => {
    if (step.kind !== 'elementwise' || step.operation !== 'add') return step;
    const { shape, dtype, block } = step.output;
    // What follows in a chain reads the sum without storing it.
    if ((readers.get(block) ?? []).some((reader) => reader.kind === 'elementwise')) return step;
    const which = step.inputs.findIndex((value) => {
      const product = products.get(value.block);
      return product && !dropped.has(product) && readers.get(value.block)?.length === 1 && isWhole(value);
    });
    const [ab, w] = [step.inputs[which], step.inputs[1 - which]];
    const product = ab && products.get(ab.block);
    if (!product || !w || w.block === ab.block) return step;
    const fits = [ab, w].every((value) => sameShape(value.shape, shape) && value.dtype === dtype);
    if (!fits || makers.get(w.block)?.kind === 'elementwise') return step;
    dropped.add(product);
    return added(product, step, w);
  });
  return merged.filter((step) => !dropped.has(step));
}

function isUpdate(step: Step): step is KernelStep {
  if (step.kind !== 'kernel' || step.kernel !== 'matmul' || step.inputs.length !== 2) return false;
  const [a, b] = step.inputs;
  const y = step.outputs[0];
  if (!a || !b || !y || y.block.output >= 0) return false;
  if (![a, b].every(({ dtype, shape }) => dtype === y.dtype && shape[0] === 1)) return false;
  const [batches = 0, rows = 0, columns = 0] = y.shape;
  const depth = a.shape[step.attributes[0] === 1 ? 1 : 2] ?? 0;
  return (
    batches === 1 &&
    depth > 0 &&
    depth <= MAX_DEPTH &&
    Math.min(rows, columns) >= LEAST_EXTENT &&
    rows * columns >= LEAST_ELEMENTS
  );
}

/** The instruction at the place of the sum. */
function added(product: KernelStep, sum: ElementwiseStep, w: Value): KernelStep {
  const shape: Shape = (product.outputs[0] as Value).shape;
  return {
    ...product,
    kernel: 'addProduct',
    takesHalves: false,
    ops: [...product.ops, ...sum.ops],
    flops: product.flops + sum.flops,
    inputs: [...product.inputs, { ...w, shape }],
    outputs: [{ ...sum.output, shape }],
  };
}

export const blocksMadeBy = (step: Step): readonly Block[] =>
  (step.kind === 'kernel' ? step.outputs : [step.output]).map(({ block }) => block);

/** Who reads a block, once for every time. */
export function readersOf(steps: readonly Step[]): Map<Block, Step[]> {
  const readers = new Map<Block, Step[]>();
  for (const step of steps) {
    for (const { block } of step.inputs) {
      const known = readers.get(block);
      if (known) known.push(step);
      else readers.set(block, [step]);
    }
  }
  return readers;
}
