import { checkOptions, OptionError } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { add } from '../../ops/elementwise/arithmetic';
import { layer, type Layer } from '../layer';
import { layerNorm, rmsNorm } from '../layers/norms';
import { CALL_OPTIONS, droppedAt, type AttentionCall } from './call';
import { feedForward, type FeedForwardOptions } from './feedForward';
import { multiHeadAttention, type MultiHeadAttentionOptions } from './multiHeadAttention';

export interface TransformerBlockOptions extends Omit<MultiHeadAttentionOptions, 'contextWidth'> {
  /** `pre` normalises what enters attention and the layers after it, `post` what leaves. Default `pre`. */
  readonly order?: 'pre' | 'post';
  /** Default `layer`. */
  readonly norm?: 'layer' | 'rms';
  /** Of the norms. Default that of the operation. */
  readonly eps?: number;
  /** Attention to the context in between, as in decoders; its width. Default: none. */
  readonly crossAttention?: number;
  /** The layers after attention; their bias and initial weights are those of the block where not said otherwise. */
  readonly feedForward?: FeedForwardOptions;
  /** How much of what is added to the steps is dropped, where a call has a `dropoutKey`. Default 0. */
  readonly dropout?: number;
}

/** A layer of steps [N, T, width] with what `AttentionCall` says. */
export type StepsLayer = Layer<readonly [x: Tensor, call?: AttentionCall]>;

/**
 * A block of a transformer: attention of the steps to each other, with `crossAttention` attention to a context, and two
 * layers for every step, each added to what entered,
 *
 *     x = x + attention(norm1(x));  x = x + cross_attention(cross_norm(x));  x = x + mlp(norm2(x))      (pre)
 *     x = norm1(x + attention(x));  ...                                                                 (post)
 *
 * Parts: `norm1`, `attention`, `cross_norm`, `cross_attention`, `norm2`, `mlp`. For checkpoints see `gpt2Block`,
 * `llamaBlock` and `bertBlock`, which have their names.
 *
 * @throws OptionError for a misspelled or impossible option.
 */
export function transformerBlock(width: number, options: TransformerBlockOptions): StepsLayer {
  const { order = 'pre', norm = 'layer', eps, crossAttention, dropout = 0, ...others } = options;
  const { feedForward: after = {}, ...self } = others;
  const makeNorm = (): Layer =>
    (norm === 'layer' ? layerNorm : rmsNorm)(width, eps === undefined ? {} : { eps });
  const isCross = crossAttention !== undefined;
  const { causal: _causal, window: _window, ...cross } = self;
  const { bias, initialWeight, initialOutput } = self;
  const shared = {
    ...(bias === undefined ? {} : { bias }),
    ...(initialWeight ? { initialWeight } : {}),
    ...(initialOutput ? { initialOutput } : {}),
  };
  return layer(
    {
      norm1: makeNorm(),
      attention: multiHeadAttention(width, self),
      cross_norm: isCross ? makeNorm() : undefined,
      cross_attention: isCross
        ? multiHeadAttention(width, { ...cross, contextWidth: crossAttention })
        : undefined,
      norm2: makeNorm(),
      mlp: feedForward(width, { ...shared, ...after }),
    },
    ({ norm1, attention, cross_norm, cross_attention, norm2, mlp }, x: Tensor, call: AttentionCall = {}) => {
      checkOptions('nn.transformerBlock', call, CALL_OPTIONS);
      const { context, mask, contextMask, bias: scoreBias, dropoutKey, ...turning } = call;
      if (isCross && !context) {
        throw new OptionError('nn.transformerBlock: with crossAttention a context is expected in the call');
      }
      const residual = (
        h: Tensor,
        place: number,
        own: (x: Tensor) => Tensor,
        by: (x: Tensor) => Tensor,
      ): Tensor => {
        const added = droppedAt(own(order === 'pre' ? by(h) : h), dropout, place, dropoutKey);
        return order === 'pre' ? add(h, added) : by(add(h, added));
      };
      const seen = cross_attention ? {} : { ...(context ? { context } : {}) };
      const masks = { ...(mask ? { mask } : {}), ...(scoreBias ? { bias: scoreBias } : {}) };
      let h = residual(x, 0, (steps) => attention(steps, { ...seen, ...masks, ...turning }), norm1);
      if (cross_attention && cross_norm && context) {
        const other = { context, ...(contextMask ? { mask: contextMask } : {}) };
        h = residual(h, 1, (steps) => cross_attention(steps, other), cross_norm);
      }
      return residual(h, 2, mlp, norm2);
    },
  );
}
