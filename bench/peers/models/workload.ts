import type { Shape } from '../../../lib/graph/shape';
import type { Tensor } from '../../../lib/graph/tensor';
import { evaluate } from '../../../lib/graph/evaluate';
import { Parameters } from '../../../lib/graph/parameters';
import { full } from '../../../lib/ops/elementwise/arithmetic';
import { mean } from '../../../lib/ops/reduce/reduce';
import { uniform } from '../hashed';

/** A network without its weights: how they are called and shaped, in PyTorch's order, and what it computes. */
export interface Network {
  readonly shapes: readonly (readonly [name: string, shape: Shape])[];
  /** Logits. */
  readonly outputs: (params: Parameters, x: Tensor) => Tensor;
  /** One loss per example, of its outputs. */
  readonly lossesOf: (outputs: Tensor, y: Tensor) => Tensor;
}

type Losses = (params: Parameters, x: Tensor, y: Tensor) => Tensor;

/** A network with weights and a batch. */
export interface Workload extends Pick<Network, 'outputs' | 'lossesOf'> {
  readonly parameters: Parameters;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly losses: Losses;
  /** Their mean. */
  readonly loss: Losses;
}

/** Norms' weights 1, biases 0, embeddings within 0.03 of 0, every other weight within sqrt(3 / fan-in). */
function weightOf(name: string, shape: Shape): Tensor {
  if (name.endsWith('bias')) return full(shape, 0);
  if (/(^|\.)(ln\d|lnf|n\d|ns|norm)\.weight$/.test(name)) return full(shape, 1);
  if (/^(wte|wpe|cls|pos)/.test(name)) return uniform(name, shape, 0.03);
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1);
  return uniform(name, shape, Math.sqrt(3 / fanIn));
}

export async function weightsOf(shapes: Network['shapes']): Promise<Parameters> {
  const parameters = new Parameters(shapes.map(([name, shape]) => [name, weightOf(name, shape)] as const));
  await evaluate(parameters);
  return parameters;
}

export async function workload(network: Network, x: Tensor, y: Tensor): Promise<Workload> {
  await evaluate([x, y]);
  const { outputs, lossesOf } = network;
  const parameters = await weightsOf(network.shapes);
  const losses: Losses = (params, inputs, targets) => lossesOf(outputs(params, inputs), targets);
  return { parameters, x, y, outputs, lossesOf, losses, loss: (...args) => mean(losses(...args)) };
}
