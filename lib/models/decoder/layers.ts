import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, ones, zeros } from '../../ops/elementwise/arithmetic';
import { layerNorm } from '../../ops/norms/layerNorm';
import { rmsNorm } from '../../ops/norms/rmsNorm';
import { linear, matmul } from '../../ops/products/matmul';
import { reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import type { ParameterShape } from '../checkpoint/checkpointModel';
import type { NormRule } from './description';

/** The parameters of one projection. Stored transposed, weights are [in, out]. */
export const projectionShapes = (
  name: string,
  [inputs, outputs]: readonly [number, number],
  { bias, transposed = false }: { readonly bias: boolean; readonly transposed?: boolean | undefined },
): ParameterShape[] => [
  { name: `${name}.weight`, shape: transposed ? [inputs, outputs] : [outputs, inputs] },
  ...(bias ? [{ name: `${name}.bias`, shape: [outputs] }] : []),
];

/** x W^T + b, or x W + b where weights are stored transposed; without b where there is none. */
export function project(parameters: Parameters, name: string, x: Tensor, transposed = false): Tensor {
  const weight = parameters.get(`${name}.weight`);
  const bias = parameters.has(`${name}.bias`) ? parameters.get(`${name}.bias`) : undefined;
  if (!transposed) return linear(x, weight, bias);
  const y = matmul(x, weight);
  return bias ? add(y, bias) : y;
}

export function normShapes(name: string, width: number, { kind }: NormRule): ParameterShape[] {
  if (kind === 'plain') return [];
  const weight = { name: `${name}.weight`, shape: [width] };
  return kind === 'layer' ? [weight, { name: `${name}.bias`, shape: [width] }] : [weight];
}

export function normalized(parameters: Parameters, name: string, x: Tensor, { kind, eps }: NormRule): Tensor {
  const width = x.shape.slice(-1);
  if (kind === 'plain') return layerNorm(x, ones(width, x.dtype), zeros(width, x.dtype), { eps });
  const gain = parameters.get(`${name}.weight`);
  switch (kind) {
    case 'layer':
      return layerNorm(x, gain, parameters.get(`${name}.bias`), { eps });
    case 'rms':
      return rmsNorm(x, gain, { eps });
    case 'rmsPlusOne':
      return rmsNorm(x, add(gain, 1), { eps });
  }
}

/** Step `which` of all, [N, T, width] -> [N, width]. */
export function stepAt(hidden: Tensor, which: number): Tensor {
  const [examples, width] = [extent(hidden.shape, 0), extent(hidden.shape, 2)];
  return reshape(slice(hidden, { starts: [0, which], stops: [examples, which + 1] }), [examples, width]);
}
