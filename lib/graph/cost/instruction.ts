import { bytesPerElement } from '../dtype';
import type { KernelStep } from '../lowering/lower';
import type { Value } from '../lowering/value';
import { sizeOf } from '../shape';
import type { Spec } from '../tensor';

/** What one kernel call does, whether it has run or not. */
export interface Instruction {
  /** The op, or the distinct ops of an elementwise chain joined by `+`. */
  readonly op: string;
  /** As the kernel sees them: axes that it need not tell apart are merged. */
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly flops: number;
  /** Every input counted once and whole. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Chains of more ops are cut short. */
const LONGEST_LABEL = 4;

export function instructionOf(step: KernelStep): Instruction {
  return {
    op: labelOf(step.ops),
    inputs: step.inputs.map(specOf),
    outputs: step.outputs.map(specOf),
    flops: step.flops,
    bytesRead: bytesOf(step.inputs),
    bytesWritten: bytesOf(step.outputs),
  };
}

function labelOf(ops: readonly string[]): string {
  const distinct = [...new Set(ops)];
  const named = distinct.slice(0, LONGEST_LABEL).join('+');
  return distinct.length > LONGEST_LABEL ? `${named}+${distinct.length - LONGEST_LABEL} more` : named;
}

const specOf = ({ shape, dtype }: Value): Spec => ({ shape, dtype });

/** What is read twice, perhaps under two shapes, comes from memory once. */
function bytesOf(values: readonly Value[]): number {
  const known: Value[] = [];
  for (const value of values) {
    const isKnown = ({ block, offset }: Value): boolean => block === value.block && offset === value.offset;
    if (!known.some(isKnown)) known.push(value);
  }
  return known.reduce((total, { shape, dtype }) => total + sizeOf(shape) * bytesPerElement(dtype), 0);
}
