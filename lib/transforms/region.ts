import { PalimpsestError } from '../errors';
import { Tensor, type Node } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { nodesInOrder } from '../graph/lowering/walk';
import { identity } from '../ops/shape/identity';

/** A piece of a graph that can be put once more on other inputs. */
export interface Region {
  /** In an order in which they can be applied. */
  readonly nodes: readonly Node[];
  /** What the nodes take from outside. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * Calls a function and keeps what it does to the graph. Its inputs are all tensors that were there before, whether they
 * came as arguments or from the function's surroundings; each output is a node of its own.
 */
export function traceRegion<R>(fn: () => R): { readonly value: R; readonly region: Region } {
  // Numbers of tensors grow: what is made from here on is made inside.
  const first = new Tensor({ shape: [], dtype: 'float32' }).id;
  const result = fn();
  const outputs = tensorsOf(result).map((output) => identity(output));
  const isInside = ({ id }: Tensor): boolean => id >= first;
  const nodes = nodesInOrder(outputs, (node) => node.outputs.every(isInside));
  const inputs = new Set(nodes.flatMap((node) => node.inputs.filter((input) => !isInside(input))));
  return { value: withTensors(result, outputs), region: { nodes, inputs: [...inputs], outputs } };
}

/** The outputs of a region for other inputs, given in the order of its own. */
export function replay(region: Region, inputs: readonly Tensor[]): Tensor[] {
  const replaced = new Map<Tensor, Tensor>();
  region.inputs.forEach((input, i) => {
    const other = inputs[i];
    if (!other) throw new PalimpsestError('ERR_INTERNAL', 'replay: too few inputs');
    replaced.set(input, other);
  });
  replayNodes(region.nodes, replaced);
  return region.outputs.map((output) => replaced.get(output) ?? output);
}

/** Applies nodes again where an input was replaced, and adds their outputs to what is replaced. */
export function replayNodes(nodes: readonly Node[], replaced: Map<Tensor, Tensor>): void {
  for (const node of nodes) {
    if (!node.inputs.some((input) => replaced.has(input))) continue;
    const outputs = node.op(
      node.inputs.map((input) => replaced.get(input) ?? input),
      node.attributes,
    );
    node.outputs.forEach((output, i) => {
      const twin = outputs[i];
      if (twin) replaced.set(output, twin);
    });
  }
}
