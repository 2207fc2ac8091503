import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { matmul } from '../../../lib/ops/products/matmul';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { compiled, number } from './contest';

/** A product in one of the three orientations of a linear layer: NN, NT, TN. */
export async function product(params: Params): Promise<Contest> {
  const [m, n, k] = [params.m, params.n, params.k].map(number) as [number, number, number];
  const a = uniform('left', params.form === 'TN' ? [k, m] : [m, k]);
  const b = uniform('right', params.form === 'NT' ? [n, k] : [k, n]);
  await evaluate([a, b]);
  const multiply = (left: Tensor, right: Tensor): Tensor =>
    matmul(params.form === 'TN' ? transpose(left) : left, params.form === 'NT' ? transpose(right) : right);
  return compiled(multiply, [a, b], { warmup: 3 });
}
