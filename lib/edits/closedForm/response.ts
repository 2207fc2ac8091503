import { OptionError, ShapeError } from '../../errors';
import { checkTensors } from '../../graph/call';
import { evaluate } from '../../graph/evaluate';
import { extent, formatShape, sameShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { factorSpd, type SpdFactor } from '../../linalg';
import { add, cast, div, mul } from '../../ops/elementwise/arithmetic';
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
  /** [n], float64. */
  readonly weights?: Tensor | undefined;
  readonly path?: SystemPath | undefined;
}

/**
 * How a closed-form edit answers to its keys, `diag(w) K (lambda C + K^T diag(w) K)^-1` [n, in] for float64 keys [n, in]: the
 * right factor of the change, whatever the values are.
 */
export async function responseTo(
  keys: Tensor,
  { prior, lambda, weights, path }: ResponseOptions,
  run: RunOptions,
): Promise<Tensor> {
  const [n, width] = [extent(keys.shape, 0), extent(keys.shape, 1)];
  checkPrior(prior, width);
  const paths: readonly unknown[] = ['direct', 'woodbury', undefined];
  if (!paths.includes(path))
    throw new OptionError(`path: 'direct' or 'woodbury' expected, got '${String(path)}'`);
  const isFactor = prior !== undefined && 'solve' in prior;
  const taken = path ?? (isFactor || !prior || 2 * n < width ? 'woodbury' : 'direct');
  return taken === 'direct'
    ? await direct(keys, weights, priorMatrix(prior, width), lambda, run)
    : await woodbury(keys, weights, prior, lambda, run);
}

/** Through the [in, in] system. */
async function direct(
  keys: Tensor,
  scales: Tensor | undefined,
  prior: Tensor,
  lambda: number,
  run: RunOptions,
): Promise<Tensor> {
  const weighted = scales ? mul(keys, expandDims(scales, 1)) : keys;
  using system = await factorSpd(add(mul(prior, lambda), matmul(transpose(keys), weighted)), run);
  return await evaluate(transpose(system.solve(transpose(weighted))), run);
}

/** The same through the [n, n] system `(diag(w)^-1 + K (lambda C)^-1 K^T)^-1 K (lambda C)^-1`. */
async function woodbury(
  keys: Tensor,
  scales: Tensor | undefined,
  prior: Tensor | SpdFactor | undefined,
  lambda: number,
  run: RunOptions,
): Promise<Tensor> {
  const own = prior && !('solve' in prior) ? await factorSpd(cast(prior, 'float64'), run) : undefined;
  const factor = own ?? (prior as SpdFactor | undefined);
  const whitened = div(factor ? transpose(factor.solve(transpose(keys))) : keys, lambda);
  await evaluate(whitened, run);
  own?.dispose();
  const n = extent(keys.shape, 0);
  const noise = eye(n, { dtype: 'float64' });
  const inverseWeights = scales ? div(noise, expandDims(scales, 1)) : noise;
  using system = await factorSpd(add(inverseWeights, matmul(whitened, transpose(keys))), run);
  return await evaluate(system.solve(whitened), run);
}

function priorMatrix(prior: Prior | undefined, width: number): Tensor {
  if (!prior) return eye(width, { dtype: 'float64' });
  if (!('solve' in prior)) return cast(prior, 'float64');
  return matmul(prior.factor, transpose(prior.factor));
}

/** @throws ShapeError unless it is of keys of this width; PalimpsestError ERR_ARGUMENT for neither a tensor nor a factor. */
export function checkPrior(prior: Prior | undefined, width: number): void {
  if (prior === undefined) return;
  const given: unknown = prior;
  const isFactor = typeof given === 'object' && given !== null && 'solve' in given;
  const matrix = isFactor ? (prior as SpdFactor).factor : (prior as Tensor);
  checkTensors('prior', { matrix });
  const { shape, dtype } = matrix;
  if (!sameShape(shape, [width, width]))
    throw new ShapeError(`prior: a prior [${width}, ${width}] expected, got ${formatShape(shape)}`);
  if (isFactor && dtype !== 'float64')
    throw new ShapeError(`prior: the factor of a float64 prior expected, got ${dtype}`);
}
