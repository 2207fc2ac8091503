import { ShapeError } from '../errors';
import { formatShape, sameShape } from '../graph/shape';
import type { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { identity } from '../ops/shape/identity';
import { variablesOf } from './grad';
import { orZeros, pullback } from './pullback';

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

/** Throws unless the tensors agree in number and shape. */
export function checkLike(
  where: string,
  what: string,
  expected: readonly Tensor[],
  got: readonly Tensor[],
): void {
  const describe = (tensors: readonly Tensor[]): string =>
    tensors.map((t) => `${t.dtype} ${formatShape(t.shape)}`).join(', ');
  const alike = expected.every((tensor, i) => {
    const other = got[i];
    return other?.dtype === tensor.dtype && sameShape(tensor.shape, other.shape);
  });
  if (!alike || expected.length !== got.length) {
    throw new ShapeError(`${where}: ${what} of ${describe(expected)} expected, got ${describe(got)}`);
  }
}
