import type { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { evaluate } from '../../../lib/graph/evaluate';
import { perExample } from '../../../lib/transforms/perExample';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { build } from '../models/build';
import { compiled } from './contest';

/** The exact diagonal of the empirical Fisher: squared gradients of single examples' losses, summed. */
export async function fisher(params: Params): Promise<Contest> {
  const { parameters, x, y, losses } = await build(params);
  const squares = (theta: Parameters, images: Tensor, labels: Tensor): unknown =>
    perExample(losses)(theta, images, labels).sumSquares();
  return compiled(squares, [parameters, x, y]);
}

/** Norms, dot products with one or many vectors, or the Gram matrix of single examples' gradients. */
export async function statistic(params: Params): Promise<Contest> {
  const { parameters, x, y, losses } = await build(params);
  const each = (theta: Parameters, images: Tensor, labels: Tensor) =>
    perExample(losses)(theta, images, labels);
  if (params.what === 'norms') {
    return compiled(
      (theta: Parameters, images: Tensor, labels: Tensor) => each(theta, images, labels).squaredNorms(),
      [parameters, x, y],
    );
  }
  const count = Number(params.vectors ?? 1);
  const v = parameters.map(({ shape }, name) => uniform(`v.${name}`, [count, ...shape]));
  await evaluate(v);
  return compiled(
    (theta: Parameters, d: Parameters, images: Tensor, labels: Tensor) => each(theta, images, labels).dot(d),
    [parameters, v, x, y],
  );
}
