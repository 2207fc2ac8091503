import type { KernelStep, Step } from './lower';
import type { Block } from './value';

/** Kernels that take any number of inputs and work on them side by side. */
const TOGETHER: ReadonlySet<string> = new Set(['eigh']);

/**
 * Steps of one such kernel and dtype, whose inputs are there when the first of them runs, as one instruction in its place:
 * most of a decomposition is one thread's work, and instructions run one after the other.
 */
export function withStepsTogether(steps: readonly Step[]): readonly Step[] {
  if (steps.filter(isTogether).length < 2) return steps;
  const madeAt = new Map<Block, number>();
  const merged: Step[] = [];
  const open = new Map<string, number>();
  for (const step of steps) {
    if (isTogether(step)) {
      const kind = `${step.kernel} ${step.inputs[0]?.dtype ?? ''}`;
      const place = open.get(kind);
      const first = place === undefined ? undefined : (merged[place] as KernelStep);
      const isReady = step.inputs.every(({ block }) => (madeAt.get(block) ?? -1) < (place ?? -1));
      if (first && place !== undefined && isReady) {
        merged[place] = joined(first, step);
        for (const { block } of step.outputs) madeAt.set(block, place);
        continue;
      }
      open.set(kind, merged.length);
    }
    for (const { block } of step.kind === 'kernel' ? step.outputs : [step.output])
      madeAt.set(block, merged.length);
    merged.push(step);
  }
  return merged;
}

const isTogether = (step: Step): step is KernelStep =>
  step.kind === 'kernel' && TOGETHER.has(step.kernel) && step.attributes.length === 0;

const joined = (first: KernelStep, second: KernelStep): KernelStep => ({
  ...first,
  ops: [...first.ops, ...second.ops],
  flops: first.flops + second.flops,
  inputs: [...first.inputs, ...second.inputs],
  outputs: [...first.outputs, ...second.outputs],
});
