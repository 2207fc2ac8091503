import { extent, sizeOf, type Shape } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { sumTo } from '../reduce/sum';
import { reshape } from '../shape/reshape';

// What norms with one gain and bias per channel share.

/** The kernel's view: [N, C, cells]. */
export const planes = ({ shape }: Spec): Shape => [
  extent(shape, 0),
  extent(shape, 1),
  sizeOf(shape.slice(2)),
];

/** A vector of channels, shaped to broadcast with x [N, C, ...]. */
export const aligned = (vector: Tensor, x: Spec): Tensor =>
  reshape(vector, [vector.size, ...Array<number>(x.shape.length - 2).fill(1)]);

/** Sums x [N, C, ...] down to one number per channel. */
export const perChannel = (x: Tensor): Tensor => {
  const channels = extent(x.shape, 1);
  return reshape(sumTo(x, [channels, ...Array<number>(x.shape.length - 2).fill(1)]), [channels]);
};
