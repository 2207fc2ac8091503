import type { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { grad } from '../../../lib/transforms/grad';
import { hvp } from '../../../lib/transforms/hvp';
import type { Contest, Params } from '../contest';
import { uniform } from '../hashed';
import { build } from '../models/build';
import { compiled } from './contest';

/** The gradient of the mean loss of a batch. */
export async function gradient(params: Params): Promise<Contest> {
  const { parameters, x, y, loss } = await build(params);
  const slope = (theta: Parameters, images: Tensor, labels: Tensor): Parameters =>
    grad(loss)(theta, images, labels);
  return compiled(slope, [parameters, x, y], { warmup: 2 });
}

/** The product of the mean loss's Hessian with a vector. */
export async function hessianVector(params: Params): Promise<Contest> {
  const { parameters, x, y, loss } = await build(params);
  const v = parameters.map(({ shape }, name) => uniform(`v.${name}`, shape));
  const product = (theta: Parameters, d: Parameters, images: Tensor, labels: Tensor): Parameters =>
    hvp(loss)(theta, d, images, labels);
  return compiled(product, [parameters, v, x, y], { warmup: 2 });
}
