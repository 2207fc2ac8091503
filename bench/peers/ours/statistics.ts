import type { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { estimate } from '../../../lib/graph/cost/estimate';
import { evaluate } from '../../../lib/graph/evaluate';
import { perExample, type PerExampleGradients } from '../../../lib/transforms/perExample';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { build } from '../models/build';
import { compiled } from './contest';

/** Parameters, their squares, and as much again; and whatever one forward pass of the batch writes. */
const PARAMETERS = 3;

/** The exact diagonal of the empirical Fisher: squared gradients of single examples' losses, summed. */
export async function fisher(params: Params): Promise<Contest> {
  const { parameters, x, y, losses } = await build(params);
  const squares = (theta: Parameters, images: Tensor, labels: Tensor): unknown =>
    perExample(losses)(theta, images, labels).sumSquares();
  const { bytesWritten, parametersBytes = 0 } = estimate(losses, [parameters, x, y]);
  return compiled(squares, [parameters, x, y], { allowance: PARAMETERS * parametersBytes + bytesWritten });
}

/** What of single examples' gradients a job asks for, but for dot products. */
const STATISTICS: Readonly<Record<string, (gradients: PerExampleGradients<Parameters>) => Tensor>> = {
  norms: (gradients) => gradients.squaredNorms(),
  gram: (gradients) => gradients.gram(),
};

/** Norms, dot products with one or many vectors, or the Gram matrix of single examples' gradients. */
export async function statistic(params: Params): Promise<Contest> {
  const { parameters, x, y, losses } = await build(params);
  const each = (theta: Parameters, images: Tensor, labels: Tensor) =>
    perExample(losses)(theta, images, labels);
  const of = STATISTICS[String(params.what)];
  if (of) {
    return compiled(
      (theta: Parameters, images: Tensor, labels: Tensor) => of(each(theta, images, labels)),
      [parameters, x, y],
    );
  }
  const count = Number(params.vectors ?? 1);
  const v = await evaluate(parameters.map(({ shape }, name) => uniform(`v.${name}`, [count, ...shape])));
  return compiled(
    (theta: Parameters, d: Parameters, images: Tensor, labels: Tensor) => each(theta, images, labels).dot(d),
    [parameters, v, x, y],
  );
}
