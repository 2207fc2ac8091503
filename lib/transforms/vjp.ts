import { checkFunction } from '../errors';
import { tensorsOf, withTensors } from '../graph/tree';
import { identity } from '../ops/shape/identity';
import { variablesOf } from './grad';
import { orZeros, pullback } from './pullback';
import { checkLike } from './stacked';

/**
 * Reverse mode with the seed left open: the value `f(x)` and the map `u -> u^T J`, where J is the Jacobian at x. Both
 * argument and value are trees.
 *
 * @example
 * const { value, pull } = vjp((x) => tanh(x), x);
 * const back = pull(ones([3]));
 * @throws ShapeError when a cotangent is not shaped like the value.
 */
export function vjp<X, Y>(fn: (x: X) => Y, x: X): { readonly value: Y; readonly pull: (cotangents: Y) => X } {
  checkFunction('vjp', fn);
  const variables = variablesOf('vjp', x);
  const value = fn(withTensors(x, variables));
  const outputs = tensorsOf(value);
  const pull = (cotangents: Y): X => {
    const seeds = tensorsOf(cotangents);
    checkLike('vjp', 'cotangents', outputs, seeds);
    return withTensors(x, orZeros(pullback(outputs, seeds, variables), variables));
  };
  // The caller gets copies: evaluating them must not cut the way back, which may be asked for later.
  const copies = outputs.map((output) => identity(output));
  return { value: withTensors(value, copies), pull };
}
