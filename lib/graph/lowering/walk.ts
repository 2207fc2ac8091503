import type { Node, Tensor } from '../tensor';

/**
 * Marks on nodes: a walk takes two numbers that no other walk has, one for nodes that it has found and one for those that
 * are in their place. A set of nodes would be hashed for every edge of the graph.
 */
let lastMark = 0;

/**
 * The nodes that the tensors need, each after all nodes it reads from, otherwise in the order in which they were made: what
 * a derivative needs is then used up soon after it is there. `enter` may hold the walk back from a node.
 */
export function nodesInOrder(outputs: Iterable<Tensor>, enter?: (node: Node) => boolean): Node[] {
  const found = lastMark + 1;
  const placed = lastMark + 2;
  lastMark = placed;
  const needed: Node[] = [];
  const isNew = (node: Node): boolean => node.mark !== found && (!enter || enter(node));
  for (const { node } of outputs) if (node) visit(node, needed, isNew, found);
  needed.sort((a, b) => a.moment - b.moment);
  const order: Node[] = [];
  const isWaiting = (node: Node): boolean => node.mark === found;
  for (const node of needed) visit(node, order, isWaiting, placed);
  return order;
}

/** Appends a node after all that it reads from and that `enters` lets in, and marks them. */
function visit(root: Node, order: Node[], enters: (node: Node) => boolean, mark: number): void {
  if (!enters(root)) return;
  root.mark = mark;
  // An explicit stack: graphs of unrolled loops are deeper than the JavaScript stack.
  const nodes: Node[] = [root];
  const nexts: number[] = [0];
  for (let node = nodes.at(-1); node; node = nodes.at(-1)) {
    const top = nodes.length - 1;
    const next = nexts[top] ?? 0;
    nexts[top] = next + 1;
    const input = node.inputs[next];
    if (input === undefined) {
      order.push(node);
      nodes.pop();
      nexts.pop();
    } else if (input.node && enters(input.node)) {
      input.node.mark = mark;
      nodes.push(input.node);
      nexts.push(0);
    }
  }
}

/** Of the given nodes, in order, those that depend on one of the tensors. */
export function dependentNodes(nodes: readonly Node[], sources: Iterable<Tensor>): Set<Node> {
  const touched = new Set<Tensor>(sources);
  const dependent = new Set<Node>();
  for (const node of nodes) {
    if (!node.inputs.some((input) => touched.has(input))) continue;
    dependent.add(node);
    for (const output of node.outputs) touched.add(output);
  }
  return dependent;
}
