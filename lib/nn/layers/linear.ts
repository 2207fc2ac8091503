import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { linear as linearOf } from '../../ops/products/matmul';
import { transpose } from '../../ops/shape/transpose';
import { drawnFrom, type Initializer } from '../init/initializer';
import { fanInUniform } from '../init/weights';
import { layer, parameter, type Layer } from '../layer';
import { checkExtents } from './extents';

export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** The weight is [in, out], as GPT-2 stores it, and not [out, in]. Default false. */
  readonly transposed?: boolean;
  /** Default uniform within `1 / sqrt(in)`, as in PyTorch. */
  readonly initialWeight?: Initializer;
  /** Default as the weight. */
  readonly initialBias?: Initializer;
}

/**
 * `x W^T + b` for x [..., in]: `weight` [out, in], `bias` [out].
 *
 * @throws OptionError for a misspelled option or a width that is no positive integer.
 */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Layer {
  checkOptions('nn.linear', options, ['bias', 'transposed', 'initialWeight', 'initialBias']);
  checkExtents('nn.linear', { inputs, outputs });
  const { bias: hasBias = true, transposed = false } = options;
  const byFan = drawnFrom(fanInUniform, { fanIn: inputs });
  const { initialWeight = byFan, initialBias = byFan } = options;
  const shape = transposed ? [inputs, outputs] : [outputs, inputs];
  return layer(
    {
      weight: parameter(shape, initialWeight),
      bias: hasBias ? parameter([outputs], initialBias) : undefined,
    },
    ({ weight, bias }, x: Tensor) => linearOf(x, transposed ? transpose(weight) : weight, bias),
  );
}
