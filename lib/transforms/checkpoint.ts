import { checkFunction } from '../errors';
import { defineOp } from '../graph/op';
import type { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { barrier } from '../ops/shape/barrier';
import { inBatch } from './inBatch';
import { pullback } from './pullback';
import { replay, traceRegion, type Region } from './region';

/**
 * Inputs: the results of a region, then what it took from outside. Outputs: the results. Reverse mode goes back through the
 * region put on its inputs anew, so that nothing inside it has to be kept from the way forward.
 */
const checkpointOp = defineOp<{ readonly region: Region }>('checkpoint', {
  infer: (inputs, { region }) => region.outputs.map((_, i) => specOf(inputs, i)),
  lower: 'alias',
  vjp: (cotangents, inputs, _outputs, { region }, wanted) => {
    const count = region.outputs.length;
    const again = barrier(inputs.slice(count));
    const variables = again.filter((_, i) => wanted[count + i]);
    const back = pullback(replay(region, again), cotangents, variables);
    let next = 0;
    return inputs.map((_, i) => (i >= count && wanted[i] ? (back[next++] ?? null) : null));
  },
  // The tangents of the results have come through the region by themselves.
  jvp: (tangents, _inputs, outputs) => outputs.map((_, i) => tangents[i] ?? null),
  // The region on the whole batch is a region again.
  batch: ({ inputs, batched, count, singles, attributes: { region } }) => {
    const values = region.outputs.length;
    const own = singles.slice(values, inputs.length);
    const members = new Map(
      own.flatMap((input, i) =>
        batched[values + i] ? [[input, inputs[values + i] as Tensor] as const] : [],
      ),
    );
    return checkpoint(() => inBatch(replay(region, own), members, count))();
  },
  decompose: (inputs, { region }) => replay(region, inputs.slice(region.outputs.length)),
});

function specOf<T>(inputs: readonly T[], which: number): T {
  const input = inputs[which];
  if (!input) throw new RangeError(`checkpoint: no input ${which}`);
  return input;
}

/**
 * The same function, whose inner values are not kept for reverse mode: they are computed once more when the gradient gets
 * there (Chen et al. 2016). A chain of k checkpointed pieces needs the memory of its k boundaries and of one piece; it
 * costs one more evaluation. Values and derivatives of any order are the same bits or differ by the order of sums only.
 * Statistics of `perExample` keep what they need as without it. The function must be pure; what it takes from its
 * surroundings is differentiated as well.
 *
 * @example
 * const block = checkpoint((p, x) => add(x, mlp(p, x)));
 */
export function checkpoint<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  checkFunction('checkpoint', fn);
  return (...args) => {
    const { value, region } = traceRegion(() => fn(...args));
    const outputs = tensorsOf(value);
    return withTensors(value, [...checkpointOp([...outputs, ...region.inputs], { region })]);
  };
}
