import type { BatchRule } from '../graph/op';

// Rules for vmap that only change attributes: a batch is one more axis in front.

/** For an op of one input: the attributes of the op on a tensor with one axis more in front. */
export const withAttributes =
  <A>(shift: (attributes: A, count: number) => A): BatchRule<A> =>
  ({ inputs, attributes, count, apply }) =>
    apply([...inputs], shift(attributes, count));

/** Axes counted with the batch in front. */
export const behindBatch = <A extends { readonly axes: readonly number[] }>(attributes: A): A => ({
  ...attributes,
  axes: attributes.axes.map((axis) => axis + 1),
});
