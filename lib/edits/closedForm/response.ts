import { DTypeError, OptionError, ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { extent, formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { cholesky, choleskySolve, triangularSolve, type SpdFactor } from '../../linalg';
import { add, cast, mul, sqrt } from '../../ops/elementwise';
import { eye } from '../../ops/shape/triangle';
import { matmul } from '../../ops/products/matmul';
import { expandDims } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';

/** A symmetric positive definite matrix, or its factor: made once for many edits. */
export type Prior = Tensor | SpdFactor;
export type SystemPath = 'direct' | 'woodbury';

export interface ResponseOptions {
  readonly prior?: Prior | undefined;
  readonly lambda: number;
  /** [n], of the keys' dtype. */
  readonly weights?: Tensor | undefined;
  readonly path?: SystemPath | undefined;
}

/**
 * How a closed-form edit answers to its keys, `diag(w) K (lambda C + K^T diag(w) K)^-1` [n, in] for keys [n, in], in their
 * dtype: the right factor of the change, whatever the values are. With `H = diag(w)^(1/2) K` both systems are made of a
 * symmetric product, and the answer is `diag(w)^(1/2) H (lambda C + H^T H)^-1`.
 */
export function responseTo(keys: Tensor, { prior, lambda, weights, path }: ResponseOptions): Tensor {
  const [n, width] = [extent(keys.shape, 0), extent(keys.shape, 1)];
  checkPrior(prior, width);
  const paths: readonly unknown[] = ['direct', 'woodbury', undefined];
  if (!paths.includes(path))
    throw new OptionError(`path: 'direct' or 'woodbury' expected, got '${String(path)}'`);
  const isFactor = prior !== undefined && 'solve' in prior;
  const taken = path ?? (isFactor || !prior || 2 * n < width ? 'woodbury' : 'direct');
  const roots = weights && expandDims(sqrt(weights), 1);
  const scaled = roots ? mul(keys, roots) : keys;
  const response = (taken === 'direct' ? direct : woodbury)(scaled, prior, lambda);
  return roots ? mul(response, roots) : response;
}

/** Through the [in, in] system: `H (lambda C + H^T H)^-1`. */
function direct(keys: Tensor, prior: Prior | undefined, lambda: number): Tensor {
  const system = add(mul(matrixOf(prior, keys), lambda), matmul(transpose(keys), keys));
  return transpose(choleskySolve(cholesky(system), transpose(keys)));
}

/**
 * The same through an [n, n] system: with C = L L^T and V = L^-1 H^T,
 *
 *     H (lambda C + H^T H)^-1 = ((lambda I + V^T V)^-1 V^T) L^-1
 */
function woodbury(keys: Tensor, prior: Prior | undefined, lambda: number): Tensor {
  const { dtype } = keys;
  const l = prior && ('solve' in prior ? cast(prior.factor, dtype) : cholesky(cast(prior, dtype)));
  const whitened = l ? triangularSolve(l, transpose(keys)) : transpose(keys);
  const noise = mul(eye(extent(keys.shape, 0), { dtype }), lambda);
  const system = cholesky(add(noise, matmul(transpose(whitened), whitened)));
  const answered = choleskySolve(system, transpose(whitened));
  return l ? transpose(triangularSolve(l, transpose(answered), { transposed: true })) : answered;
}

function matrixOf(prior: Prior | undefined, { dtype, shape }: Tensor): Tensor {
  if (!prior) return eye(extent(shape, 1), { dtype });
  if (!('solve' in prior)) return cast(prior, dtype);
  const l = cast(prior.factor, dtype);
  return matmul(l, transpose(l));
}

/** @throws ShapeError unless it is of keys of this width; PalimpsestError ERR_ARGUMENT for neither a tensor nor a factor. */
export function checkPrior(prior: Prior | undefined, width: number): void {
  if (prior === undefined) return;
  const given: unknown = prior;
  const isFactor = typeof given === 'object' && given !== null && 'solve' in given;
  const matrix = isFactor ? (prior as SpdFactor).factor : (prior as Tensor);
  checkTensors('prior', { matrix });
  const { shape, dtype } = matrix;
  if (!isFloat(dtype)) throw new DTypeError(`prior: a prior of floats expected, got ${dtype}`);
  if (!sameShape(shape, [width, width]))
    throw new ShapeError(`prior: a prior [${width}, ${width}] expected, got ${formatShape(shape)}`);
}
