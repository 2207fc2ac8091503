import type { Tensor } from '../../graph/tensor';
import { equal, onesLike, zerosLike } from '../elementwise/arithmetic';
import { where } from '../elementwise/math';

/** The root of something that may be 0, where its derivatives, which would be infinite, are taken as 0. */
export function rootOrZero(total: Tensor, root: (x: Tensor) => Tensor): Tensor {
  const isZero = equal(total, 0);
  return where(isZero, zerosLike(total), root(where(isZero, onesLike(total), total)));
}
