import { checkTensors } from '../../graph/call';
import { tensor } from '../../graph/create';
import { evaluate } from '../../graph/evaluate';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { cast, notEqual, sub } from '../elementwise/arithmetic';
import { isNaN, logicalAnd, logicalNot } from '../elementwise/math';
import { isFloat } from '../../graph/dtype';
import { iota } from '../indexing/iota';
import { take } from '../indexing/take';
import { cumsum } from '../scan/cumsum';
import { concat } from '../shape/concat';
import { reshape } from '../shape/reshape';
import { slice } from '../shape/slice';
import { searchSorted } from './searchSorted';
import { argsort } from './sort';

export interface Unique {
  /** The different elements, ascending: [count]. All NaNs are one. */
  readonly values: Tensor;
  /** For every element, in the shape of x, which of the values it is: int32. */
  readonly inverse: Tensor;
  /** How often each value occurs: int32 [count]. */
  readonly counts: Tensor;
  /** Where each value occurs first in x, flattened: int32 [count]. */
  readonly firstIndices: Tensor;
}

/** Whether neighbours in a sorted line are different. */
function changes(sorted: Tensor): Tensor {
  const n = sorted.size;
  const [before, own] = [slice(sorted, { stops: [n - 1] }), slice(sorted, { starts: [1] })];
  const differ = notEqual(before, own);
  return isFloat(sorted.dtype)
    ? logicalAnd(differ, logicalNot(logicalAnd(isNaN(before), isNaN(own))))
    : differ;
}

/**
 * The different elements of a tensor, sorted, and what they are to it. How many there are depends on the data, so the tensor is
 * computed first, and the result is no part of a graph: it cannot be used in `compile`, and carries no derivative.
 *
 * @example
 * const { values, counts } = await unique(labels);
 * @throws AbortedError when `signal` fires.
 */
export async function unique(x: Tensor, options: RunOptions = {}): Promise<Unique> {
  checkTensors('unique', { x });
  const flat = reshape(x, [x.size]);
  if (x.size === 0) {
    const none = (): Tensor => tensor(new Int32Array(0));
    return { values: flat, inverse: reshape(none(), x.shape), counts: none(), firstIndices: none() };
  }
  const order = argsort(flat);
  const sorted = take(flat, order);
  const isNew = concat([tensor(Int32Array.of(0)), cast(changes(sorted), 'int32')]);
  const numbers = cumsum(isNew);
  const last = slice(numbers, { starts: [x.size - 1] });
  await evaluate([order, sorted, numbers, last], options);
  const each = iota((await last.item()) + 1);
  const starts = searchSorted(numbers, each);
  const result = {
    values: take(sorted, starts),
    inverse: reshape(take(numbers, argsort(order)), x.shape),
    counts: sub(searchSorted(numbers, each, { side: 'right' }), starts),
    // Equal elements are in their own order, so the first of a run is the first of all.
    firstIndices: take(order, starts),
  };
  return evaluate(result, options);
}
