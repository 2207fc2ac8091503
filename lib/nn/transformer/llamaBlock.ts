import { checkOptions } from '../../errors';
import type { Tensor } from '../../graph/tensor';
import { silu } from '../../ops/elementwise/activations';
import { add, mul } from '../../ops/elementwise/arithmetic';
import { normal } from '../../random';
import { drawnFrom, zerosInitial } from '../init/initializer';
import { layer, type Layer } from '../layer';
import { checkExtents, checkMultiple } from '../layers/extents';
import { linear } from '../layers/linear';
import { rmsNorm } from '../layers/norms';
import { attendHeads, CALL_OPTIONS, scoresOf, type AttentionCall, type ScoreOptions } from './call';
import type { StepsLayer } from './transformerBlock';

export interface LlamaBlockOptions extends Omit<ScoreOptions, 'causal'> {
  readonly heads: number;
  /** How many heads keys and values have; divides `heads`. Default: as many. */
  readonly keyHeads?: number;
  /** Default `width / heads`. */
  readonly headWidth?: number;
  readonly hidden: number;
  /** Default 1e-6; checkpoints say which value they were trained with. */
  readonly eps?: number;
  /** Whether queries, keys and values have a bias, as in Qwen 2. Default false. */
  readonly attentionBias?: boolean;
}

/**
 * A block of Llama and its kin (Touvron et al. 2023), with the names of their checkpoints: `input_layernorm`,
 * `self_attn.q_proj`, `k_proj`, `v_proj`, `o_proj`, `post_attention_layernorm`, `mlp.gate_proj`, `up_proj`, `down_proj`. Positions
 * come in by the `rotary` tables of the call.
 *
 * @throws OptionError for a misspelled option, or where heads do not divide.
 */
export function llamaBlock(width: number, options: LlamaBlockOptions): StepsLayer {
  const where = 'nn.llamaBlock';
  checkOptions(where, options, [
    ...['heads', 'keyHeads', 'headWidth', 'hidden', 'eps', 'attentionBias', 'window', 'scale', 'softCap'],
  ]);
  const { heads, keyHeads = heads, headWidth = width / heads, hidden, eps = 1e-6 } = options;
  checkExtents(where, { width, heads, keyHeads, headWidth, hidden });
  checkMultiple(where, 'heads that are a multiple of those of the keys', heads, keyHeads);
  const initialWeight = drawnFrom(normal, { deviation: 0.02 });
  const projection = (inputs: number, outputs: number, bias = false): Layer =>
    linear(inputs, outputs, { bias, initialWeight, initialBias: zerosInitial });
  const { attentionBias = false } = options;
  const scores: ScoreOptions = { ...scoresOf(options), causal: true };
  return layer(
    {
      input_layernorm: rmsNorm(width, { eps }),
      self_attn: {
        q_proj: projection(width, heads * headWidth, attentionBias),
        k_proj: projection(width, keyHeads * headWidth, attentionBias),
        v_proj: projection(width, keyHeads * headWidth, attentionBias),
        o_proj: projection(heads * headWidth, width),
      },
      post_attention_layernorm: rmsNorm(width, { eps }),
      mlp: {
        gate_proj: projection(width, hidden),
        up_proj: projection(width, hidden),
        down_proj: projection(hidden, width),
      },
    },
    ({ input_layernorm, self_attn, post_attention_layernorm, mlp }, x: Tensor, call: AttentionCall = {}) => {
      checkOptions(where, call, CALL_OPTIONS);
      const n = input_layernorm(x);
      const [q, k, v] = [self_attn.q_proj(n), self_attn.k_proj(n), self_attn.v_proj(n)];
      const h = add(x, self_attn.o_proj(attendHeads(q, k, v, { heads, keyHeads }, scores, call)));
      const m = post_attention_layernorm(h);
      return add(h, mlp.down_proj(mul(silu(mlp.gate_proj(m)), mlp.up_proj(m))));
    },
  );
}
