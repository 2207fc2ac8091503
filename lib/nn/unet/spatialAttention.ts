import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { add } from '../../ops/elementwise/arithmetic';
import { checkRank } from '../../ops/floats';
import { layer, type Layer } from '../layer';
import { checkExtents, checkMultiple } from '../layers/extents';
import { groupNorm } from '../layers/norms';
import { imageOf, stepsOf } from './cells';
import { attendBy, attentionParts } from './namedAttention';

export interface SpatialAttentionOptions {
  /** Default 1. */
  readonly heads?: number;
  /** Of the group norm. Default 32. */
  readonly groups?: number;
  /** Of the group norm. Default 1e-6, that of latent diffusion. */
  readonly eps?: number;
}

/**
 * Attention of the cells of an image x [N, channels, H, W] to each other, added to it: `group_norm`, `to_q`, `to_k`, `to_v`,
 * `to_out.0`.
 *
 * @throws OptionError for a misspelled option, or where heads do not divide the channels.
 */
export function spatialAttention(channels: number, options: SpatialAttentionOptions = {}): Layer {
  const where = 'nn.spatialAttention';
  checkOptions(where, options, ['heads', 'groups', 'eps']);
  const { heads = 1, groups = 32, eps = 1e-6 } = options;
  checkExtents(where, { channels, heads });
  checkMultiple(where, 'channels that are a multiple of the heads', channels, heads);
  return layer(
    { group_norm: groupNorm(channels, { groups, eps }), ...attentionParts(channels, channels, true) },
    (own, x: Tensor) => {
      checkRank(where, x, 4, 'images [N, C, H, W]');
      const steps = stepsOf(own.group_norm(x));
      return add(x, imageOf(attendBy(own, steps, steps, heads), x));
    },
  );
}
