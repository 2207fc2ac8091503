import { checkFunction } from '../errors';
import type { Tensor } from '../graph/tensor';
import { grad } from './grad';
import { jvp } from './jvp';
import { overDirections } from './overDirections';
import { vjp } from './vjp';

/**
 * Product of a vector with the generalised Gauss-Newton matrix `G = J^T H J` of `loss(outputs(params))`, where J is the
 * Jacobian of the outputs and H the Hessian of the loss in them (Schraudolph 2002). Positive semi-definite for a convex
 * loss; for softmax cross-entropy and for squared errors it is the Fisher information under the model's own distribution.
 * One forward pass, one tangent, one pass back. For K vectors, every tensor of `v` with a leading axis of K, the result has
 * it too.
 *
 * @example
 * const G = gnvp((p) => model(p, x), (logits) => softmaxCrossEntropy(logits, y, { reduction: 'mean' }));
 * const Gv = G(params, v);
 * @throws ShapeError when `v` is not shaped like `params`, or the loss is no scalar.
 */
export function gnvp<P, Z>(outputs: (params: P) => Z, loss: (outputs: Z) => Tensor): (params: P, v: P) => P {
  checkFunction('gnvp', outputs, 'a function of the parameters');
  checkFunction('gnvp', loss, 'a function of the outputs');
  return (params, v) =>
    overDirections('gnvp', params, v, (direction) => {
      const { value, tangent } = jvp(outputs, params, direction);
      const { tangent: curved } = jvp((z: Z) => grad(loss)(z), value, tangent);
      return vjp(outputs, params).pull(curved);
    });
}
