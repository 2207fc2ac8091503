import { checkFunction, DTypeError, ShapeError, unexpected } from '../errors';
import { isFloat } from '../graph/dtype';
import { formatShape } from '../graph/shape';
import { Tensor } from '../graph/tensor';
import { tensorsOf, withTensors } from '../graph/tree';
import { ones } from '../ops/elementwise/arithmetic';
import { identity } from '../ops/shape/identity';
import { orZeros, pullback } from './pullback';

/** A scalar function of a tree of parameters and anything else. */
export type Loss<P, A extends readonly unknown[]> = (params: P, ...rest: A) => Tensor;

/**
 * The value of a scalar function and its gradient with respect to all tensors of the first argument, `dL/dtheta`, in a
 * tree like that argument. A tensor that the value does not depend on has a gradient of zeros. A parameter that is used
 * several times gets the sum over its uses.
 *
 * @example
 * const { value, grad: g } = valueAndGrad((w, x) => mean(square(matmul(x, w))))(w, x);
 * @throws ShapeError when the function returns anything but a scalar; DTypeError for parameters that are not floats;
 *   NotDifferentiableError when it goes through an op without derivative rules.
 */
export function valueAndGrad<P, A extends readonly unknown[]>(
  loss: Loss<P, A>,
): (params: P, ...rest: A) => { readonly value: Tensor; readonly grad: P } {
  checkFunction('grad', loss);
  return (params, ...rest) => {
    const variables = variablesOf('grad', params);
    const value = loss(withTensors(params, variables), ...rest);
    checkScalar(value);
    const grads = orZeros(pullback([value], [ones(value.shape, value.dtype)], variables), variables);
    return { value, grad: withTensors(params, grads) };
  };
}

/** The gradient alone: see `valueAndGrad`. Its result can be differentiated again. */
export function grad<P, A extends readonly unknown[]>(loss: Loss<P, A>): (params: P, ...rest: A) => P {
  const both = valueAndGrad(loss);
  return (params, ...rest) => both(params, ...rest).grad;
}

/** The tensors of a tree as fresh nodes, so that they can be told apart from other uses of the same data. */
export function variablesOf(where: string, tree: unknown): Tensor[] {
  if (typeof tree !== 'object' || tree === null) {
    throw unexpected(where, 'tensors to differentiate with respect to', tree);
  }
  return tensorsOf(tree).map((tensor) => {
    if (!isFloat(tensor.dtype)) {
      throw new DTypeError(`${where}: derivatives are with respect to float tensors, got ${tensor.dtype}`);
    }
    return identity(tensor);
  });
}

function checkScalar(value: unknown): asserts value is Tensor {
  if (value instanceof Tensor && value.size === 1 && isFloat(value.dtype)) return;
  const got = value instanceof Tensor ? `${value.dtype} ${formatShape(value.shape)}` : typeof value;
  throw new ShapeError(`grad: the function must return one float, got ${got}; reduce it with sum or mean`);
}
