import { tensorsOf } from '../graph/tree';
import { stackedCount } from './stacked';
import { vmap } from './vmap';

/**
 * A product with one direction shaped like the parameters, or with several that are stacked on a leading axis.
 * @throws ShapeError for directions that are neither.
 */
export function overDirections<P, R>(where: string, params: P, v: P, product: (direction: P) => R): R {
  const count = stackedCount(where, 'a direction', tensorsOf(params), tensorsOf(v));
  return count === null ? product(v) : vmap(product)(v);
}
