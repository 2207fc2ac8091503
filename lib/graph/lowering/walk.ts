import type { Node, Tensor } from '../tensor';

/**
 * The nodes that the tensors need, each after all nodes it reads from, otherwise in the order in which they were made: what
 * a derivative needs is then used up soon after it is there. `enter` may hold the walk back from a node.
 */
export function nodesInOrder(outputs: Iterable<Tensor>, enter: (node: Node) => boolean = () => true): Node[] {
  const needed = postOrder([...outputs].map(({ node }) => node).filter(isNode), enter);
  const made = [...needed].sort((a, b) => a.moment - b.moment);
  const among = new Set(needed);
  return postOrder(made, (node) => among.has(node));
}

const isNode = (node: Node | undefined): node is Node => node !== undefined;

function postOrder(roots: readonly Node[], enter: (node: Node) => boolean): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  for (const root of roots) {
    if (seen.has(root) || !enter(root)) continue;
    seen.add(root);
    // An explicit stack: graphs of unrolled loops are deeper than the JavaScript stack.
    const stack: { node: Node; next: number }[] = [{ node: root, next: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (input.node && !seen.has(input.node) && enter(input.node)) {
        seen.add(input.node);
        stack.push({ node: input.node, next: 0 });
      }
    }
  }
  return order;
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
