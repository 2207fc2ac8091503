import type { FloatDType } from '../../../lib/graph/dtype';
import { isFloat } from '../../../lib/graph/dtype';
import { several } from '../../../lib/graph/op';
import { Tensor, type Node } from '../../../lib/graph/tensor';
import { nodesInOrder } from '../../../lib/graph/walk';
import { identity } from '../../../lib/ops/identity';
import { orZeros, pullback, reverse } from '../../../lib/transforms/pullback';
import { expectArray } from '../../support/compare';
import { arraysOf } from '../../support/tensors';
import { dtypesOf, inputsOf, outputsOf, type Case, type Row } from '../row';
import { directionLike } from './derivatives';

/** The fused kernel adds up in another order than its decomposition. */
const TOLERANCE: Record<FloatDType, number> = { float32: 2e-5, float64: 1e-12 };

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
  const [fast, twin] = [await arraysOf(op(node.inputs, attributes)), await arraysOf(slow)];
  fast.forEach((array, i) => expectArray(array, twin[i]!, tolerance, `${what}, decomposition`));
  if (op.constant === true) return;
  const seeds = outputs.map((output, i) => directionLike(output, 3 + i));
  const wanted = inputs.map((input) => isFloat(input.dtype));
  const variables = inputs.filter((_, i) => wanted[i]);
  const backwards = orZeros(reverse(node, seeds, wanted), inputs).filter((_, i) => wanted[i]);
  const slowBackwards = orZeros(pullback(slow, seeds, variables), variables);
  const [near, far] = [await arraysOf(backwards), await arraysOf(slowBackwards)];
  near.forEach((array, i) =>
    expectArray(array, far[i]!, tolerance, `${what}, gradient ${i} of the decomposition`),
  );
}
