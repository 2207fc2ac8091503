import { checkKinds, checkTensors } from '../../graph/call';
import { normalizeAxes, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cast, full, notEqual } from '../elementwise/arithmetic';
import { max, min } from './reduce';
import { REDUCE_OPTIONS, type ReduceOptions, sum, withoutAxes } from './sum';

const asBool = (x: Tensor): Tensor => (x.dtype === 'bool' ? x : notEqual(x, 0));

/** Over no elements the answer is known, and there is nothing to compare. */
const logical =
  (name: string, combine: typeof max, empty: number) =>
  (x: Tensor, options: ReduceOptions = {}): Tensor => {
    checkTensors(name, { x });
    checkKinds(name, options, REDUCE_OPTIONS);
    const axes = normalizeAxes(name, options.axis, x.shape.length);
    if (x.size > 0 || sizeOf(withoutAxes(x.shape, axes)) === 0) return combine(asBool(x), options);
    const kept = x.shape.map((own, axis) => (axes.includes(axis) ? 1 : own));
    return full(options.keepDims ? kept : withoutAxes(x.shape, axes), empty, 'bool');
  };

/** Whether all elements over some axes (all by default) are other than zero, as bool; true over an empty axis. */
export const all = logical('all', min, 1);

/** Whether any element over some axes (all by default) is other than zero, as bool; false over an empty axis. */
export const any = logical('any', max, 0);

/** How many elements over some axes (all by default) are other than zero, as int32; NaN counts. */
export function countNonzero(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors('countNonzero', { x });
  checkKinds('countNonzero', options, REDUCE_OPTIONS);
  return sum(cast(asBool(x), 'int32'), options);
}
