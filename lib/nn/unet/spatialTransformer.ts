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
import { below, watched, type Watch } from '../watch';
import { imageOf, stepsOf } from './cells';
import { ATTENTION_NAMES, attendBy, attentionParts } from './namedAttention';
import type { SpatialAttentionOptions } from './spatialAttention';

export interface SpatialTransformerOptions extends SpatialAttentionOptions {
  /** Width of the context, the embedded text. */
  readonly contextWidth: number;
  /** How many blocks there are. Default 1. */
  readonly layers?: number;
  /** `proj_in` and `proj_out` are linear layers and not 1 x 1 convolutions: the same map, stored [C, C]. Default false. */
  readonly linearProjection?: boolean;
}

type CrossBlock = Layer<readonly [x: Tensor, context: Tensor, watch?: Watch]>;

/** What a watch sees of a `spatialTransformer`, in this order. */
export const transformerNames = (layers: number): string[] =>
  Array.from({ length: layers }, (_, i) =>
    [
      ...['attn1', 'attn2'].flatMap((attn) => [...ATTENTION_NAMES.map((name) => `${attn}.${name}`), attn]),
      'ff',
    ].map((name) => `transformer_blocks.${i}.${name}`),
  ).flat();

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
    ({ norm1, attn1, norm2, attn2, norm3, ff }, x: Tensor, context: Tensor, watch?: Watch) => {
      const own = norm1(x);
      const selfSeen = attendBy(attn1, own, own, heads, below(watch, 'attn1'));
      const h = add(x, watched(watch, 'attn1', selfSeen));
      const contextSeen = attendBy(attn2, norm2(h), context, heads, below(watch, 'attn2'));
      const seen = add(h, watched(watch, 'attn2', contextSeen));
      const [gate, , out] = ff.net;
      const [value = seen, factor = seen] = split(gate.proj(norm3(seen)), 2, { axis: -1 });
      return add(seen, watched(watch, 'ff', out(mul(value, gelu(factor)))));
    },
  );
}

/**
 * How latent diffusion lets an image see a text (Rombach et al. 2022): the cells of x [N, channels, H, W] attend to each other
 * and to a context [N, S, contextWidth], in `layers` blocks between two 1 x 1 convolutions, added to x. Names are those of its
 * checkpoints: `norm`, `proj_in`, `transformer_blocks.0.attn1.to_q`, ..., `attn2`, `ff.net.0.proj`, `proj_out`. Concepts are
 * erased in `attn2.to_k` and `attn2.to_v`. A watch sees the outputs of these layers, the patterns [N, heads, H W, S] and what is added.
 *
 * @throws OptionError for a misspelled option, or where heads do not divide the channels.
 */
export function spatialTransformer(
  channels: number,
  options: SpatialTransformerOptions,
): Layer<readonly [x: Tensor, context: Tensor, watch?: Watch]> {
  const where = 'nn.spatialTransformer';
  checkOptions(where, options, ['heads', 'groups', 'eps', 'contextWidth', 'layers', 'linearProjection']);
  const { heads = 1, groups = 32, eps = 1e-6, contextWidth, layers = 1, linearProjection = false } = options;
  checkExtents(where, { channels, heads, contextWidth, layers });
  checkMultiple(where, 'channels that are a multiple of the heads', channels, heads);
  const projection = (): Layer =>
    linearProjection ? linear(channels, channels) : conv2d(channels, channels, { kernel: 1 });
  return layer(
    {
      norm: groupNorm(channels, { groups, eps }),
      proj_in: projection(),
      transformer_blocks: Array.from({ length: layers }, () => crossBlock(channels, contextWidth, heads)),
      proj_out: projection(),
    },
    ({ norm, proj_in, transformer_blocks, proj_out }, x: Tensor, context: Tensor, watch?: Watch) => {
      checkRank(where, x, 4, 'images [N, C, H, W]');
      const own = norm(x);
      const steps = transformer_blocks.reduce(
        (h, block, i) => block(h, context, below(watch, `transformer_blocks.${i}`)),
        linearProjection ? proj_in(stepsOf(own)) : stepsOf(proj_in(own)),
      );
      return add(x, linearProjection ? imageOf(proj_out(steps), x) : proj_out(imageOf(steps, x)));
    },
  );
}
