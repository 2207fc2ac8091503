import { PalimpsestError } from '../errors';
import { isFloat } from '../graph/dtype';
import { notDifferentiable, several, type Op } from '../graph/op';
import type { Node } from '../graph/tensor';
import { Tensor } from '../graph/tensor';
import { dependentNodes, nodesInOrder } from '../graph/lowering/walk';
import { add, zerosLike } from '../ops/elementwise/arithmetic';
import { identity } from '../ops/shape/identity';
import { joinedSlices } from '../ops/shape/joinedSlices';

/** Cotangents as they gather: contributions to one tensor are added in the order in which they come. */
export class Cotangents {
  readonly #parts = new Map<Tensor, Tensor[]>();

  add(tensor: Tensor, cotangent: Tensor): void {
    const parts = this.#parts.get(tensor);
    if (parts) parts.push(cotangent);
    else this.#parts.set(tensor, [cotangent]);
  }

  get(tensor: Tensor): Tensor | undefined {
    const parts = this.#parts.get(tensor);
    if (!parts) return undefined;
    const sum = joinedSlices(parts) ?? parts.reduce((total, part) => add(total, part));
    this.#parts.set(tensor, [sum]);
    return sum;
  }

  /** One per output of a node, zeros where nothing came; undefined when nothing came at all. */
  of(node: Node): Tensor[] | undefined {
    if (!node.outputs.some((output) => this.#parts.has(output))) return undefined;
    return node.outputs.map((output) => this.get(output) ?? zerosLike(output));
  }
}

/** The nodes between `outputs` and the variables, which are outputs of nodes themselves: the walk stops at them. */
export function nodesBetween(outputs: readonly Tensor[], variables: readonly Tensor[]): Node[] {
  const boundary = new Set(variables.map((variable) => variable.node));
  return nodesInOrder(outputs, (node) => !boundary.has(node));
}

/**
 * Reverse mode: what the variables get back for cotangents of the outputs; null where no path leads. The result is a
 * graph again, so it can be differentiated again.
 */
export function pullback(
  outputs: readonly Tensor[],
  seeds: readonly Tensor[],
  variables: readonly Tensor[],
): (Tensor | null)[] {
  const nodes = nodesBetween(outputs, variables);
  const dependent = dependentNodes(nodes, variables);
  const reached = new Set<Tensor>(variables);
  for (const { outputs: made } of dependent) for (const tensor of made) reached.add(tensor);
  const cotangents = new Cotangents();
  outputs.forEach((output, i) => {
    const seed = seeds[i];
    if (seed && reached.has(output)) cotangents.add(output, seed);
  });
  for (const node of nodes.reverse()) {
    const arrived = dependent.has(node) ? cotangents.of(node) : undefined;
    if (!arrived || node.op.constant === true) continue;
    const wanted = node.inputs.map((input) => reached.has(input) && isFloat(input.dtype));
    if (!wanted.includes(true)) continue;
    reverse(node, arrived, wanted).forEach((cotangent, i) => {
      const input = node.inputs[i];
      if (cotangent && wanted[i] && input) cotangents.add(input, cotangent);
    });
  }
  return variables.map((variable) => cotangents.get(variable) ?? null);
}

/** One node's reverse rule, or that of its decomposition. */
export function reverse(
  node: Node,
  cotangents: readonly Tensor[],
  wanted: readonly boolean[],
): readonly (Tensor | null)[] {
  const { op, inputs, outputs, attributes } = node;
  if (op.vjp) {
    return op.vjp(several(cotangents), several(inputs), several(outputs), attributes, several(wanted));
  }
  const variables = inputs.map((input) => identity(input));
  return pullback(decomposed(op, variables, attributes, 'reverse rule'), cotangents, variables);
}

/** The outputs of a composite op in terms of simpler ops. */
export function decomposed(
  op: Op,
  inputs: readonly Tensor[],
  attributes: object,
  missing: string,
): readonly Tensor[] {
  if (!op.decompose) return notDifferentiable(op, missing);
  const result = op.decompose(several(inputs), attributes);
  return result instanceof Tensor ? [result] : result;
}

/** Cotangents with zeros in place of null. */
export function orZeros(values: readonly (Tensor | null)[], like: readonly Tensor[]): Tensor[] {
  return values.map((value, i) => {
    const template = like[i];
    if (!template) throw new PalimpsestError('ERR_INTERNAL', 'orZeros: more values than templates');
    return value ?? zerosLike(template);
  });
}
