import { describe, OptionError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { nodesInOrder } from '../../graph/lowering/walk';

interface Name {
  readonly name: string;
}

const tapOp = defineOp<Name>('tap', {
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  lower: 'alias',
  linearity: 'linear',
  vjp: ([g]) => [g],
  batch: 'each',
  example: { axis: ({ first }) => first, through: ({ site }) => site },
});

/**
 * The same tensor under a name, by which `perExample(...).at(name)` finds it. Costs nothing.
 *
 * @example
 * const losses = (p, x, y) => softmaxCrossEntropy(head(p, tap(trunk(p, x), 'features')), y);
 * @throws OptionError for an empty name.
 */
export function tap(x: Tensor, name: string): Tensor {
  checkTensors('tap', { x });
  const given: unknown = name;
  if (typeof given !== 'string' || given === '')
    throw new OptionError(`tap: a name expected, got ${describe(given)}`);
  return single(tapOp([x], { name }));
}

/** The tensors behind `output` that are tapped, by name, in the order in which they were made. */
export function tapsOf(output: Tensor): Map<string, Tensor[]> {
  const taps = new Map<string, Tensor[]>();
  for (const node of nodesInOrder([output])) {
    if (node.op.name !== tapOp.name) continue;
    const { name } = node.attributes as Name;
    taps.set(name, [...(taps.get(name) ?? []), ...node.outputs]);
  }
  return taps;
}
