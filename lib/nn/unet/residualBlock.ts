import { checkOptions, OptionError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { silu } from '../../ops/elementwise/activations';
import { add } from '../../ops/elementwise/arithmetic';
import { reshape } from '../../ops/shape/reshape';
import { layer, type Layer } from '../layer';
import { conv2d } from '../layers/convolutions';
import { checkExtents } from '../layers/extents';
import { linear } from '../layers/linear';
import { groupNorm } from '../layers/norms';
import { droppedAt } from '../transformer/call';

export interface ResidualBlockOptions {
  /** Width of the embedded time that calls bring along. Default: none. */
  readonly timeWidth?: number;
  /** Of the group norms. Default 32. */
  readonly groups?: number;
  /** Of the group norms. Default 1e-5. */
  readonly eps?: number;
  /** How much is dropped before the second convolution, where a call has a `dropoutKey`. Default 0. */
  readonly dropout?: number;
}

/** What a residual block is told besides the image. */
export interface ResidualBlockCall {
  /** The embedded time, [N, timeWidth]. */
  readonly time?: Tensor;
  readonly dropoutKey?: Tensor;
}

/**
 * A residual block of a U-Net (Ho et al. 2020) for images x [N, inputs, H, W], with the names of latent diffusion's checkpoints:
 *
 *     h = conv1(silu(norm1(x))) + time_emb_proj(silu(time));   y = conv_shortcut(x) + conv2(silu(norm2(h)))
 *
 * The shortcut has a 1 x 1 convolution where the channels change.
 *
 * @throws OptionError for a misspelled or impossible option, or a call without the time.
 */
export function residualBlock(
  inputs: number,
  outputs: number,
  options: ResidualBlockOptions = {},
): Layer<readonly [x: Tensor, call?: ResidualBlockCall]> {
  const where = 'nn.residualBlock';
  checkOptions(where, options, ['timeWidth', 'groups', 'eps', 'dropout']);
  checkExtents(where, { inputs, outputs });
  const { timeWidth, groups = 32, eps = 1e-5, dropout = 0 } = options;
  const wide = { kernel: 3, padding: 1 };
  return layer(
    {
      norm1: groupNorm(inputs, { groups, eps }),
      conv1: conv2d(inputs, outputs, wide),
      time_emb_proj: timeWidth === undefined ? undefined : linear(timeWidth, outputs),
      norm2: groupNorm(outputs, { groups, eps }),
      conv2: conv2d(outputs, outputs, wide),
      conv_shortcut: inputs === outputs ? undefined : conv2d(inputs, outputs, { kernel: 1 }),
    },
    (
      { norm1, conv1, time_emb_proj, norm2, conv2, conv_shortcut },
      x: Tensor,
      { time, dropoutKey }: ResidualBlockCall = {},
    ) => {
      if ((time_emb_proj === undefined) !== (time === undefined)) {
        throw new OptionError(`${where}: a time goes with the option timeWidth, got only one of them`);
      }
      let h = conv1(silu(norm1(x)));
      if (time && time_emb_proj) {
        const shift = time_emb_proj(silu(time));
        h = add(h, reshape(shift, [...shift.shape, 1, 1]));
      }
      h = conv2(droppedAt(silu(norm2(h)), dropout, 0, dropoutKey));
      return add(conv_shortcut ? conv_shortcut(x) : x, h);
    },
  );
}
