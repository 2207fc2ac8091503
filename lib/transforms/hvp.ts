import { grad, type Loss } from './grad';
import { jvp } from './jvp';

/**
 * Hessian-vector product `H v` of a scalar function at `params`, without the Hessian: the directional derivative of the
 * gradient (forward over reverse, Pearlmutter 1994). Costs two to three gradients.
 *
 * @example
 * const Hv = hvp(loss)(params, v, x, labels);
 * @throws ShapeError when `v` is not shaped like `params`.
 */
export function hvp<P, A extends readonly unknown[]>(loss: Loss<P, A>): (params: P, v: P, ...rest: A) => P {
  return (params, v, ...rest) => jvp((theta: P) => grad(loss)(theta, ...rest), params, v).tangent;
}
