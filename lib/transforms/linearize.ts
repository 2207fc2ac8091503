import { checkFunction } from '../errors';
import { compile, type Compiled } from '../graph/compile';
import { evaluate } from '../graph/evaluate';
import { Tensor, type Node, type RunOptions } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { dependentNodes, nodesInOrder } from '../graph/lowering/walk';
import { beforeTransposition } from '../ops/products/matmul';
import { broadcastToOp } from '../ops/reduce/sum';
import { variablesOf } from './grad';
import { orZeros } from './pullback';
import { pushforward } from './pushforward';
import { replayNodes } from './region';
import { checkLike } from './stacked';

/** What `linearize` returns: the Jacobian of a function at one point, as a linear function. */
export interface Linearized<X, Y> extends Disposable {
  /** `J v` as a graph: may be differentiated, mapped (`vmap` for many directions) and compiled. */
  (v: X): Y;
  /** The function's value: a graph on what is kept, computed when it is asked for. */
  readonly value: Y;
  /** `J v`, computed by one program that is kept. */
  run(v: X, options?: RunOptions): Promise<Y>;
  /** Frees what was kept for the products, and the value. */
  dispose(): void;
}

/**
 * The value `f(x)` and the linear map `v -> J v`, where J is the Jacobian at x. What products need and does not depend on v
 * is computed now, once, and kept: every product costs its linear part alone. For iterations on one batch: with
 * `f = grad(loss)` the products are Hessian-vector products at two thirds of what `hvp` takes, and the first with what is
 * kept takes what one of `hvp` does: weights' gradients are no part of it.
 *
 * @example
 * using H = await linearize((p) => grad(loss)(p, x, y), params);
 * const Hv = await H.run(v);
 * @throws DTypeError for arguments that are not floats; ShapeError (from a product) when `v` is not shaped like x.
 */
export async function linearize<X, Y>(
  fn: (x: X) => Y,
  x: X,
  options: RunOptions = {},
): Promise<Linearized<X, Y>> {
  checkFunction('linearize', fn);
  // Numbers of tensors grow: what is made from here on is ours to free, whatever came before is not.
  const first = new Tensor({ shape: [], dtype: 'float32' }).id;
  const variables = variablesOf('linearize', x);
  const directions = variables.map(({ shape, dtype }) => new Tensor({ shape, dtype }));
  const value = fn(withTensors(x, variables));
  const outputs = tensorsOf(value);
  const tangents = orZeros(pushforward(outputs, variables, directions), outputs);
  const nodes = linearPart(tangents, directions);
  const within = new Set(nodes);
  const sources = new Set(directions);
  const kept = [
    ...new Set(nodes.flatMap(({ inputs }) => inputs.filter((input) => isKept(input, within, sources)))),
  ];
  // Tangents that do not depend on v are zeros, and are kept as what they are.
  kept.push(...tangents.filter((tangent) => isKept(tangent, within, sources) && !kept.includes(tangent)));
  await evaluate(kept, options);
  const product = (v: X): Y => {
    const given = tensorsOf(v);
    checkLike('linearize', 'a direction', variables, given);
    const replaced = new Map<Tensor, Tensor>(
      directions.map((direction, i) => [direction, given[i] as Tensor]),
    );
    replayNodes(nodes, replaced);
    return withTensors(
      value,
      tangents.map((tangent) => replaced.get(tangent) ?? tangent),
    );
  };
  const program: Compiled<[X], Y> = compile(product);
  const dispose = (): void => {
    for (const tensor of [...outputs, ...kept]) if (tensor.id >= first && !tensor.disposed) tensor.dispose();
  };
  return Object.assign((v: X) => product(v), {
    value,
    run: (v: X, run: RunOptions = {}) => program.withOptions(run)(v),
    dispose,
    [Symbol.dispose]: dispose,
  });
}

const isKept = (tensor: Tensor, within: ReadonlySet<Node>, sources: ReadonlySet<Tensor>): boolean =>
  !sources.has(tensor) && (tensor.node === undefined || !within.has(tensor.node));

/**
 * The nodes that depend on the directions, with what only arranges their other inputs: a matrix is read by products as if it
 * were transposed, and storing that would be a copy. Axes in any other order are stored, or every product would copy them.
 */
function linearPart(tangents: readonly Tensor[], directions: readonly Tensor[]): Node[] {
  const all = nodesInOrder(tangents);
  const chosen = dependentNodes(all, directions);
  for (const node of [...all].reverse()) {
    if (!chosen.has(node)) continue;
    for (const input of node.inputs)
      if (input.node && isArrangement(input, input.node)) chosen.add(input.node);
  }
  return all.filter((node) => chosen.has(node));
}

const REPETITION: unknown = broadcastToOp;
const isArrangement = (tensor: Tensor, { op }: Node): boolean =>
  op.lower === 'alias' || op === REPETITION || beforeTransposition(tensor) !== undefined;
