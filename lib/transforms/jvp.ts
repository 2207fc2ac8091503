import { checkFunction } from '../errors';
import { tensorsOf, withTensors } from '../graph/tree';
import { variablesOf } from './grad';
import { orZeros } from './pullback';
import { pushforward } from './pushforward';
import { checkLike } from './stacked';

/**
 * Forward mode: the value `f(x)` and its directional derivative `J v`, where J is the Jacobian at x. Arguments and value
 * are trees; `v` is shaped like `x`.
 *
 * @example
 * const { value, tangent } = jvp((x) => tanh(x), x, direction);
 * @throws ShapeError when the direction is not shaped like the argument.
 */
export function jvp<X, Y>(fn: (x: X) => Y, x: X, v: X): { readonly value: Y; readonly tangent: Y } {
  checkFunction('jvp', fn);
  const variables = variablesOf('jvp', x);
  const tangents = tensorsOf(v);
  checkLike('jvp', 'a direction', variables, tangents);
  const value = fn(withTensors(x, variables));
  const outputs = tensorsOf(value);
  const pushed = orZeros(pushforward(outputs, variables, tangents), outputs);
  return { value, tangent: withTensors(value, pushed) };
}
