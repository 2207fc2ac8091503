import type { Parameters } from '../../../lib/graph/parameters';
import type { Tensor } from '../../../lib/graph/tensor';
import { evaluate } from '../../../lib/graph/evaluate';
import { mean } from '../../../lib/ops/reduce/reduce';
import { gnvp } from '../../../lib/transforms/gnvp';
import { grad } from '../../../lib/transforms/grad';
import { hvp } from '../../../lib/transforms/hvp';
import { linearize } from '../../../lib/transforms/linearize';
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

/** A direction, or several with a leading axis. */
const directions = (parameters: Parameters, { vectors }: Params): Promise<Parameters> =>
  evaluate(
    parameters.map(({ shape }, name) =>
      uniform(`v.${name}`, vectors === undefined ? shape : [Number(vectors), ...shape]),
    ),
  );

/** The product of the mean loss's Hessian with a vector, or with several at once. */
export async function hessianVector(params: Params): Promise<Contest> {
  const { parameters, x, y, loss } = await build(params);
  const v = await directions(parameters, params);
  const product = (theta: Parameters, d: Parameters, images: Tensor, labels: Tensor): Parameters =>
    hvp(loss)(theta, d, images, labels);
  return compiled(product, [parameters, v, x, y], { warmup: 2 });
}

/** The first product on a batch with what is kept for further ones, its graph built anew. */
export async function firstLinearized(params: Params): Promise<Contest> {
  const { parameters, x, y, loss } = await build(params);
  const v = await directions(parameters, params);
  const run = async (): Promise<Parameters> => {
    using product = await linearize((theta: Parameters) => grad(loss)(theta, x, y), parameters);
    return await product.run(v);
  };
  return { run, warmup: 2 };
}

/** Every further product on the same batch. */
export async function linearized(params: Params): Promise<Contest> {
  const { parameters, x, y, loss } = await build(params);
  const v = await directions(parameters, params);
  const product = await linearize((theta: Parameters) => grad(loss)(theta, x, y), parameters);
  return { run: () => product.run(v), warmup: 2 };
}

/** The product of the Gauss-Newton matrix of the mean loss with a vector. */
export async function gaussNewton(params: Params): Promise<Contest> {
  const { parameters, x, y, outputs, lossesOf } = await build(params);
  const v = await directions(parameters, params);
  const product = (theta: Parameters, d: Parameters, images: Tensor, labels: Tensor): Parameters =>
    gnvp(
      (p: Parameters) => outputs(p, images),
      (logits: Tensor) => mean(lossesOf(logits, labels)),
    )(theta, d);
  return compiled(product, [parameters, v, x, y], { warmup: 2 });
}
