import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { gelu } from '../../ops/elementwise/activations';
import { add, mul } from '../../ops/elementwise/arithmetic';
import { checkRank } from '../../ops/floats';
import { split } from '../../ops/shape/slice';
import { layer, type Layer } from '../layer';
import { conv2d } from '../layers/convolutions';
import { checkExtents, checkMultiple } from '../layers/extents';
import { linear } from '../layers/linear';
import { groupNorm, layerNorm } from '../layers/norms';
import { imageOf, stepsOf } from './cells';
import { attendBy, attentionParts } from './namedAttention';
import type { SpatialAttentionOptions } from './spatialAttention';

export interface SpatialTransformerOptions extends SpatialAttentionOptions {
  /** Width of the context, the embedded text. */
  readonly contextWidth: number;
  /** How many blocks there are. Default 1. */
  readonly layers?: number;
}

type CrossBlock = Layer<readonly [x: Tensor, context: Tensor]>;

/** Attention of steps to each other (`attn1`) and to the context (`attn2`), and a gated layer (`ff.net.0.proj`, `ff.net.2`). */
function crossBlock(width: number, contextWidth: number, heads: number): CrossBlock {
  return layer(
    {
      norm1: layerNorm(width),
      attn1: attentionParts(width, width, false),
      norm2: layerNorm(width),
      attn2: attentionParts(width, contextWidth, false),
      norm3: layerNorm(width),
      ff: { net: [{ proj: linear(width, 8 * width) }, undefined, linear(4 * width, width)] },
    },
    ({ norm1, attn1, norm2, attn2, norm3, ff }, x: Tensor, context: Tensor) => {
      const own = norm1(x);
      const h = add(x, attendBy(attn1, own, own, heads));
      const seen = add(h, attendBy(attn2, norm2(h), context, heads));
      const [gate, , out] = ff.net;
      const [value = seen, factor = seen] = split(gate.proj(norm3(seen)), 2, { axis: -1 });
      return add(seen, out(mul(value, gelu(factor))));
    },
  );
}

/**
 * How latent diffusion lets an image see a text (Rombach et al. 2022): the cells of x [N, channels, H, W] attend to each other
 * and to a context [N, S, contextWidth], in `layers` blocks between two 1 x 1 convolutions, added to x. Names are those of its
 * checkpoints: `norm`, `proj_in`, `transformer_blocks.0.attn1.to_q`, ..., `attn2`, `ff.net.0.proj`, `proj_out`. Concepts are
 * erased in `attn2.to_k` and `attn2.to_v`.
 *
 * @throws OptionError for a misspelled option, or where heads do not divide the channels.
 */
export function spatialTransformer(
  channels: number,
  options: SpatialTransformerOptions,
): Layer<readonly [x: Tensor, context: Tensor]> {
  const where = 'nn.spatialTransformer';
  checkOptions(where, options, ['heads', 'groups', 'eps', 'contextWidth', 'layers']);
  const { heads = 1, groups = 32, eps = 1e-6, contextWidth, layers = 1 } = options;
  checkExtents(where, { channels, heads, contextWidth, layers });
  checkMultiple(where, 'channels that are a multiple of the heads', channels, heads);
  return layer(
    {
      norm: groupNorm(channels, { groups, eps }),
      proj_in: conv2d(channels, channels, { kernel: 1 }),
      transformer_blocks: Array.from({ length: layers }, () => crossBlock(channels, contextWidth, heads)),
      proj_out: conv2d(channels, channels, { kernel: 1 }),
    },
    ({ norm, proj_in, transformer_blocks, proj_out }, x: Tensor, context: Tensor) => {
      checkRank(where, x, 4, 'images [N, C, H, W]');
      const steps = transformer_blocks.reduce((h, block) => block(h, context), stepsOf(proj_in(norm(x))));
      return add(x, proj_out(imageOf(steps, x)));
    },
  );
}
