import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { cholesky, eigh } from '../../../lib/linalg';
import { add, cast, div, mul } from '../../../lib/ops/elementwise';
import { matmul } from '../../../lib/ops/products/matmul';
import { eye } from '../../../lib/ops/shape/triangle';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { compiled, number } from './contest';

/** The covariance of 2n random rows, [n, n]. */
async function covariance(params: Params): Promise<Tensor> {
  const n = number(params.n);
  const rows = uniform('eigh', [2 * n, n]);
  const s = div(matmul(transpose(rows), rows), 2 * n);
  return evaluate(params.dtype === 'f64' ? cast(s, 'float64') : s);
}

/** Eigenvalues and eigenvectors; what is compared are the eigenvalues, for vectors have no sign. */
export async function eigen(params: Params): Promise<Contest> {
  const result = (value: unknown): readonly Tensor[] => [(value as ReturnType<typeof eigh>).values];
  return compiled((s: Tensor) => eigh(s), [await covariance(params)], { result });
}

/** The Cholesky factor, the damping included. */
export async function choleskyOf(params: Params): Promise<Contest> {
  const s = await covariance(params);
  return compiled((x: Tensor) => cholesky(add(x, mul(eye(number(params.n)), 0.01))), [s]);
}
