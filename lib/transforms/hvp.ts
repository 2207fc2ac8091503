import { checkFunction } from '../errors';
import { grad, type Loss } from './grad';
import { jvp } from './jvp';
import { overDirections } from './overDirections';

/**
 * Hessian-vector product `H v` of a scalar function at `params`, without the Hessian: the directional derivative of the
 * gradient (forward over reverse, Pearlmutter 1994). Costs two to three gradients. For K vectors, every tensor of `v` with a
 * leading axis of K, the result has it too, and what does not depend on them is computed once. For many products one after
 * the other on the same batch see `linearize`.
 *
 * @example
 * const Hv = hvp(loss)(params, v, x, labels);
 * @throws ShapeError when `v` is not shaped like `params`.
 */
export function hvp<P, A extends readonly unknown[]>(loss: Loss<P, A>): (params: P, v: P, ...rest: A) => P {
  checkFunction('hvp', loss);
  return (params, v, ...rest) =>
    overDirections(
      'hvp',
      params,
      v,
      (direction) => jvp((theta: P) => grad(loss)(theta, ...rest), params, direction).tangent,
    );
}
