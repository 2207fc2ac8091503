import type { WideFloatDType } from '../../../lib/graph/dtype';
import { isFloat } from '../../../lib/graph/dtype';
import { several } from '../../../lib/graph/op';
import { Tensor, type Node } from '../../../lib/graph/tensor';
import { nodesInOrder } from '../../../lib/graph/lowering/walk';
import { identity } from '../../../lib/ops/shape/identity';
import { orZeros, pullback, reverse } from '../../../lib/transforms/pullback';
import { expectArray, expectClose } from '../../support/compare';
import { arraysOf, joined } from '../../support/tensors';
import { dtypesOf, inputsOf, outputsOf, type Case, type Row } from '../row';
import { directionLike } from './derivatives';

/** The fused kernel adds up in another order than its decomposition. */
const TOLERANCE: Record<WideFloatDType, number> = { float32: 2e-5, float64: 1e-12 };

/** Values and gradients of every composite op against its decomposition. */
export async function checkFused(row: Row, of: Case): Promise<void> {
  for (const float of dtypesOf(row)) {
    const outputs = outputsOf(row, inputsOf(of, float), of.options);
    for (const node of nodesInOrder(outputs)) {
      if (node.op.decompose) await compare(node, TOLERANCE[float], `${row.name}, ${of.name}, ${float}`);
    }
  }
}

async function compare(node: Node, tolerance: number, what: string): Promise<void> {
  const { op, attributes, outputs } = node;
  const inputs = node.inputs.map((input) => identity(input));
  const result = op.decompose!(several(inputs), attributes);
  const slow = result instanceof Tensor ? [result] : result;
  // The graphs of the gradients first: what has been evaluated has no graph any more.
  const seeds = outputs.map((output, i) => directionLike(output, 3 + i));
  const wanted = inputs.map((input) => op.constant !== true && isFloat(input.dtype));
  const variables = inputs.filter((_, i) => wanted[i]);
  const gradients = wanted.includes(true)
    ? orZeros(reverse(node, seeds, wanted), inputs).filter((_, i) => wanted[i])
    : [];
  const slowGradients = orZeros(pullback(slow, seeds, variables), variables);
  const [fast, twin] = [await arraysOf(op(node.inputs, attributes)), await arraysOf(slow)];
  fast.forEach((array, i) => expectArray(array, twin[i]!, tolerance, `${what}, decomposition`));
  const [near, far] = [await arraysOf(gradients), await arraysOf(slowGradients)];
  // A gradient that vanishes has no scale of its own: its rounding errors are measured against the values.
  const scale = Math.max(...joined(fast).map(Math.abs));
  near.forEach(({ data }, i) =>
    expectClose(
      [...data, scale],
      [...far[i]!.data, scale],
      tolerance,
      `${what}, gradient ${i} of the decomposition`,
    ),
  );
}
