import { isFloat } from '../graph/dtype';
import { several } from '../graph/op';
import { beside, type Node, type Tensor } from '../graph/tensor';
import { add, zerosLike } from '../ops/elementwise/arithmetic';
import { identity } from '../ops/shape/identity';
import { decomposed, nodesBetween } from './pullback';

/**
 * Forward mode: the tangents of the outputs for tangents of the variables; null where no path leads. The result is a
 * graph again, so it can be differentiated again. A tangent is computed next to what it is the tangent of.
 */
export function pushforward(
  outputs: readonly Tensor[],
  variables: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const known = new Map<Tensor, Tensor>();
  variables.forEach((variable, i) => {
    const tangent = tangents[i];
    if (tangent) known.set(variable, tangent);
  });
  for (const node of nodesBetween(outputs, variables)) {
    if (node.op.constant === true || !node.inputs.some((input) => known.has(input))) continue;
    const incoming = node.inputs.map((input) => known.get(input) ?? null);
    beside(node, () => forward(node, incoming)).forEach((tangent, i) => {
      const output = node.outputs[i];
      if (tangent && output && isFloat(output.dtype)) known.set(output, tangent);
    });
  }
  return outputs.map((output) => known.get(output) ?? null);
}

function forward(node: Node, tangents: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  const { op, inputs, outputs, attributes } = node;
  if (op.jvp) return op.jvp(several(tangents), several(inputs), several(outputs), attributes);
  if (op.linearity === 'linear') {
    return op(
      tangents.map((tangent, i) => tangent ?? zerosOf(inputs, i)),
      attributes,
    );
  }
  if (op.linearity === 'multilinear') {
    const terms = tangents.flatMap((tangent, which) =>
      tangent
        ? [
            op(
              inputs.map((input, i) => (i === which ? tangent : input)),
              attributes,
            ),
          ]
        : [],
    );
    return outputs.map((_, o) => sumOf(terms.map((term) => term[o]).filter((part) => part !== undefined)));
  }
  const variables = inputs.map((input) => identity(input));
  return pushforward(decomposed(op, variables, attributes, 'forward rule'), variables, tangents);
}

const sumOf = (parts: readonly Tensor[]): Tensor | null =>
  parts.reduce<Tensor | null>((total, part) => (total ? add(total, part) : part), null);

function zerosOf(inputs: readonly Tensor[], which: number): Tensor {
  const input = inputs[which];
  if (!input) throw new RangeError(`no input ${which}`);
  return zerosLike(input);
}
