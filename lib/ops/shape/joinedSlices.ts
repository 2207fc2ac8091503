import type { Op } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { concat } from './concat';
import { sliceGradOp, type Window } from './slice';

/**
 * The sum of what comes back for the slices of a tensor that was cut in stretches along one axis (queries, keys and values
 * of one product, the outputs of `split`): their concatenation, written once, instead of as many sums with zeros. Undefined
 * when they are anything else.
 */
export function joinedSlices(cotangents: readonly Tensor[]): Tensor | undefined {
  const parts = cotangents.flatMap((cotangent) => {
    const { node } = cotangent;
    const [values] = node?.op === (sliceGradOp as unknown as Op) ? node.inputs : [];
    return node && values ? [{ values, window: node.attributes as Window }] : [];
  });
  const [first] = parts;
  if (!first || parts.length < 2 || parts.length !== cotangents.length) return undefined;
  const { whole } = first.window;
  const cut = whole.findIndex((length, axis) => first.window.part[axis] !== length);
  if (cut < 0 || !parts.every(({ window }) => isStretch(window, cut))) return undefined;
  parts.sort((a, b) => extent(a.window.starts, cut) - extent(b.window.starts, cut));
  let end = 0;
  for (const { window } of parts) {
    if (window.starts[cut] !== end) return undefined;
    end += extent(window.part, cut);
  }
  const values = parts.map((part) => part.values);
  return end === whole[cut] ? concat(values, { axis: cut }) : undefined;
}

/** Whether a slice is whole along all axes but one, and takes neighbours there. */
const isStretch = ({ starts, steps, part, whole }: Window, cut: number): boolean =>
  whole.every(
    (length, axis) =>
      steps[axis] === 1 &&
      extent(part, axis) > 0 &&
      (axis === cut || (starts[axis] === 0 && part[axis] === length)),
  );
