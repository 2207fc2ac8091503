import { checkOptions, OptionError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { gelu, silu } from '../../ops/elementwise/activations';
import { mul, square } from '../../ops/elementwise/arithmetic';
import { relu } from '../../ops/elementwise/math';
import type { Initializer } from '../init/initializer';
import { layer, type Layer } from '../layer';
import { checkExtents } from '../layers/extents';
import { linear, type LinearOptions } from '../layers/linear';

/** `geluTanh` is the approximation by tanh that GPT-2 has; `squaredRelu` that of Primer. */
export type Activation = 'relu' | 'gelu' | 'geluTanh' | 'silu' | 'squaredRelu';

const ACTIVATIONS: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  relu,
  gelu: (x) => gelu(x),
  geluTanh: (x) => gelu(x, { approximate: 'tanh' }),
  silu,
  squaredRelu: (x) => square(relu(x)),
};

/** The function of that name. @throws OptionError for an unknown one. */
export function activationOf(where: string, name: Activation): (x: Tensor) => Tensor {
  if (!Object.hasOwn(ACTIVATIONS, name)) {
    throw new OptionError(
      `${where}: an activation of ${Object.keys(ACTIVATIONS).join(', ')} expected, got '${name}'`,
    );
  }
  return ACTIVATIONS[name];
}

export interface FeedForwardOptions {
  /** Default `4 width`. */
  readonly hidden?: number;
  /** Default `gelu`. */
  readonly activation?: Activation;
  /** Multiplies what was activated by another projection: SwiGLU with `silu`, GeGLU with `gelu` (Shazeer 2020). Default false. */
  readonly gated?: boolean;
  /** Default true. */
  readonly bias?: boolean;
  /** Default that of `nn.linear`. */
  readonly initialWeight?: Initializer;
  /** Of the way out. Default as the others. */
  readonly initialOutput?: Initializer;
}

/**
 * The two layers after attention: `fc2 activation(fc1 x)`, or gated, `down_proj (activation(gate_proj x) * up_proj x)`.
 *
 * @example
 * nn.feedForward(4096, { hidden: 11008, activation: 'silu', gated: true, bias: false });      // Llama
 * @throws OptionError for a misspelled option, an unknown activation or an impossible width.
 */
export function feedForward(width: number, options: FeedForwardOptions = {}): Layer {
  const where = 'nn.feedForward';
  checkOptions(where, options, [
    ...['hidden', 'activation', 'gated', 'bias', 'initialWeight', 'initialOutput'],
  ]);
  const { hidden = 4 * width, activation = 'gelu', gated = false, bias = true } = options;
  checkExtents(where, { width, hidden });
  const activate = activationOf(where, activation);
  const { initialWeight, initialOutput = initialWeight } = options;
  const start = (initial: Initializer | undefined): LinearOptions => ({
    bias,
    ...(initial ? { initialWeight: initial } : {}),
  });
  const [into, out] = [start(initialWeight), start(initialOutput)];
  if (gated) {
    return layer(
      {
        gate_proj: linear(width, hidden, into),
        up_proj: linear(width, hidden, into),
        down_proj: linear(hidden, width, out),
      },
      ({ gate_proj, up_proj, down_proj }, x: Tensor) => down_proj(mul(activate(gate_proj(x)), up_proj(x))),
    );
  }
  return layer(
    { fc1: linear(width, hidden, into), fc2: linear(hidden, width, out) },
    ({ fc1, fc2 }, x: Tensor) => fc2(activate(fc1(x))),
  );
}
