import { PalimpsestError, ShapeError } from '../errors';
import { several, type Op } from '../graph/op';
import type { Node, Tensor } from '../graph/tensor';
import { nodesInOrder } from '../graph/lowering/walk';
import { broadcastTo } from '../ops/reduce/sum';
import { concat } from '../ops/shape/concat';
import { expandDims, reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { decomposed } from './pullback';

/**
 * The graph behind `outputs` for a whole batch: what depends on the keys of `members`, each with the tensor of all members
 * beside it, is put again on all of them at once. Returns the outputs with the batch on axis 0; those that do not depend on
 * the members are repeated.
 */
export function inBatch(
  outputs: readonly Tensor[],
  members: ReadonlyMap<Tensor, Tensor>,
  count: number,
): Tensor[] {
  const batch = new Batch(members, count);
  batch.add(outputs);
  return outputs.map((output) => batch.whole(output));
}

class Batch {
  /** Tensors that differ between the members, with all of them. */
  readonly #members: Map<Tensor, Tensor>;
  /** Tensors that had to be made again, but are the same for all members. */
  readonly #shared = new Map<Tensor, Tensor>();
  readonly #passed = new Set<Node>();
  readonly #count: number;

  constructor(members: ReadonlyMap<Tensor, Tensor>, count: number) {
    this.#members = new Map(members);
    this.#count = count;
  }

  add(outputs: readonly Tensor[]): void {
    const nodes = nodesInOrder(outputs, (node) => !this.#passed.has(node));
    for (const node of nodes) {
      this.#passed.add(node);
      if (node.inputs.some((input) => this.#members.has(input) || this.#shared.has(input))) this.#apply(node);
    }
  }

  whole(tensor: Tensor): Tensor {
    const single = this.#shared.get(tensor) ?? tensor;
    return this.#members.get(tensor) ?? broadcastTo(single, [this.#count, ...single.shape]);
  }

  #apply(node: Node): void {
    const { op, inputs, attributes } = node;
    const current = inputs.map((input) => this.#members.get(input) ?? this.#shared.get(input) ?? input);
    const batched = inputs.map((input) => this.#members.has(input));
    if (op.batch === 'each' || !batched.includes(true)) {
      this.#keep(node, op(current, attributes), (i) => batched[i] === true);
      return;
    }
    const together = op.batch?.({
      inputs: several(current),
      batched: several(batched),
      count: this.#count,
      singles: several(inputs),
      outputs: several(node.outputs),
      attributes,
      apply: op,
    });
    if (together) this.#keep(node, together, () => true);
    else if (op.decompose) this.#decompose(node);
    else this.#keep(node, this.#oneByOne(op, node), () => true);
  }

  #keep(node: Node, results: readonly Tensor[], isBatched: (which: number) => boolean): void {
    node.outputs.forEach((output, i) => {
      const result = results[i];
      if (!result) throw new PalimpsestError('ERR_INTERNAL', `vmap: ${node.op.name} has lost an output`);
      (isBatched(i) ? this.#members : this.#shared).set(output, result);
    });
  }

  #decompose(node: Node): void {
    const simpler = decomposed(node.op, node.inputs, node.attributes, 'batch rule');
    this.add(simpler);
    const results = simpler.map((y) => this.#members.get(y) ?? this.#shared.get(y) ?? y);
    this.#keep(node, results, (i) => simpler.slice(i, i + 1).some((y) => this.#members.has(y)));
  }

  /** The op for one member after the other. */
  #oneByOne(op: Op, { inputs, attributes }: Node): Tensor[] {
    if (this.#count === 0) throw new ShapeError(`vmap: ${op.name} has no rule for a batch without members`);
    const results = Array.from({ length: this.#count }, (_, member) =>
      op(
        inputs.map((input) => {
          const all = this.#members.get(input);
          if (!all) return this.#shared.get(input) ?? input;
          return reshape(slice(all, { starts: [member], stops: [member + 1] }), input.shape);
        }),
        attributes,
      ),
    );
    const columns = results[0]?.map((_, i) => results.flatMap((outputs) => outputs.slice(i, i + 1))) ?? [];
    return columns.map((column) => concat(column.map((output) => expandDims(output, 0))));
  }
}
