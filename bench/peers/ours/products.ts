import { evaluate } from '../../../lib/graph/evaluate';
import type { Tensor } from '../../../lib/graph/tensor';
import { cast } from '../../../lib/ops/elementwise';
import { matmul } from '../../../lib/ops/products/matmul';
import { transpose } from '../../../lib/ops/shape/transpose';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { compiled, number } from './contest';

/** A product in one of the three orientations of a linear layer: NN, NT, TN. */
export async function product(params: Params): Promise<Contest> {
  const [m, n, k] = [params.m, params.n, params.k].map(number) as [number, number, number];
  const dtype = params.dtype === 'bf16' ? 'bfloat16' : 'float32';
  const a = cast(uniform('left', params.form === 'TN' ? [k, m] : [m, k]), dtype);
  const b = cast(uniform('right', params.form === 'NT' ? [n, k] : [k, n]), dtype);
  await evaluate([a, b]);
  const multiply = (left: Tensor, right: Tensor): Tensor =>
    matmul(params.form === 'TN' ? transpose(left) : left, params.form === 'NT' ? transpose(right) : right);
  const result = (value: unknown): readonly Tensor[] => [cast(value as Tensor, 'float32')];
  return compiled(multiply, [a, b], { warmup: 3, result });
}
