import { ExampleAxisError } from '../../errors';
import { sameExampleAxis, wholeAxis, type ExampleAxis } from '../../graph/exampleAxis';
import { several, type Op } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Node, Tensor } from '../../graph/tensor';
import { dependentNodes } from '../../graph/lowering/walk';
import { broadcastToOp } from '../../ops/reduce/sum';
import { decomposed, nodesBetween } from '../pullback';

/** A traced function with the place of the examples in every tensor that has them. */
export interface Tracked {
  readonly losses: Tensor;
  readonly nodes: readonly Node[];
  /** Tensors without an entry are shared by all examples. */
  readonly axes: ReadonlyMap<Tensor, ExampleAxis>;
  /** Nodes that depend on the parameters. */
  readonly dependent: ReadonlySet<Node>;
}

/**
 * Follows the example axis from the batch to the losses. Composite ops that take a shared input without saying what its
 * per-example gradient is are replaced by their decomposition, until every op knows.
 *
 * @throws ExampleAxisError naming the op that mixes examples.
 */
export function track(losses: Tensor, parameters: readonly Tensor[], batch: readonly Tensor[]): Tracked {
  const variables = [...parameters, ...batch];
  for (let traced = losses; ;) {
    const nodes = nodesBetween([traced], variables);
    const dependent = dependentNodes(nodes, parameters);
    const shared = new Set([...parameters, ...[...dependent].flatMap((node) => node.outputs)]);
    const { axes, expand } = axesOf(nodes, batch, shared);
    if (expand.size === 0) return { losses: traced, nodes, axes, dependent };
    traced = expandNodes(traced, nodes, expand);
  }
}

function axesOf(
  nodes: readonly Node[],
  batch: readonly Tensor[],
  dependent: ReadonlySet<Tensor>,
): { axes: Map<Tensor, ExampleAxis>; expand: Set<Node> } {
  const axes = new Map(batch.map((tensor) => [tensor, wholeAxis(0, extent(tensor.shape, 0))]));
  const expand = new Set<Node>();
  for (const node of nodes) {
    if (!node.inputs.some((input) => axes.has(input))) continue;
    const { example } = node.op;
    // Nothing flows back through a constant op, whatever it is made of.
    const meetsParameters = (): boolean =>
      node.op.constant !== true && node.inputs.some((input) => dependent.has(input) && !axes.has(input));
    if (example && !example.site && meetsParameters()) promoteRepeated(node, axes);
    if (!example || (!example.site && meetsParameters())) {
      if (!node.op.decompose) {
        throw new ExampleAxisError(`${node.op.name}: has no rule for per-example gradients`);
      }
      expand.add(node);
      if (!example) return { axes, expand };
    }
    const axis = axisOf(node, axes);
    for (const output of node.outputs) axes.set(output, axis);
  }
  return { axes, expand };
}

function axisOf(node: Node, axes: Map<Tensor, ExampleAxis>): ExampleAxis {
  try {
    return applyRule(node, axes);
  } catch (error) {
    // A shared tensor repeated once per example may stand beside the examples (a class token before a concatenation).
    if (!(error instanceof ExampleAxisError) || !promoteRepeated(node, axes)) throw error;
    return applyRule(node, axes);
  }
}

function applyRule(node: Node, axes: ReadonlyMap<Tensor, ExampleAxis>): ExampleAxis {
  const { op, inputs, outputs, attributes } = node;
  const known = inputs.map((input) => axes.get(input) ?? null);
  const mixes = (why: string): never => {
    throw new ExampleAxisError(
      `${op.name}: mixes examples, because ${why}; the function must return one loss per example, shape [N], ` +
        'computed from that example alone',
    );
  };
  const first = known.find((axis) => axis !== null);
  if (!op.example || !first) throw new ExampleAxisError(`${op.name}: has no rule for per-example gradients`);
  return op.example.axis({
    first,
    axes: several(known),
    inputs: several(inputs),
    outputs: several(outputs),
    attributes,
    mixes,
  });
}

/** Gives shared inputs that are repeated along the axis of the examples that axis; whether there was one. */
function promoteRepeated(node: Node, axes: Map<Tensor, ExampleAxis>): boolean {
  const reference = node.inputs.find((input) => axes.has(input));
  const axis = reference && axes.get(reference);
  if (!axis) return false;
  const repeated = node.inputs.filter((input) => {
    const source = input.node?.op === (broadcastToOp as unknown as Op) ? input.node.inputs[0] : undefined;
    if (!source || axes.has(input) || input.shape[axis.axis] !== reference.shape[axis.axis]) return false;
    return (source.shape[axis.axis - input.shape.length + source.shape.length] ?? 1) === 1;
  });
  for (const input of repeated) axes.set(input, axis);
  return repeated.length > 0;
}

/** The graph again, with some nodes replaced by their decomposition. */
function expandNodes(losses: Tensor, nodes: readonly Node[], expand: ReadonlySet<Node>): Tensor {
  const replaced = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => replaced.get(input) ?? input);
    const changed = inputs.some((input, i) => input !== node.inputs[i]);
    if (!changed && !expand.has(node)) continue;
    const outputs = expand.has(node)
      ? decomposed(node.op, inputs, node.attributes, 'rule for per-example gradients')
      : node.op(inputs, node.attributes);
    node.outputs.forEach((output, i) => {
      const twin = outputs[i];
      if (twin) replaced.set(output, twin);
    });
  }
  return replaced.get(losses) ?? losses;
}

/** Throws unless the losses are one per example, [N], on a whole axis. */
export function checkLosses({ losses, axes }: Tracked, count: number): void {
  const axis = axes.get(losses);
  if (losses.shape.length === 1 && axis && sameExampleAxis(axis, wholeAxis(0, count))) return;
  throw new ExampleAxisError(
    `perExample: one loss per example expected, shape [${count}], got shape [${losses.shape.join(', ')}]` +
      (axis ? '' : ' that does not depend on the batch'),
  );
}
