import { readActivation } from '../decoder/activations';
import { decoderFamily } from './decoderFamily';

/** GPT-2 (Radford et al. 2019): learned positions, weights stored [in, out], one projection for q, k and v. */
export const gpt2 = decoderFamily('gpt2', 'GPT2', (fields) => {
  const [width, heads, blocks] = [fields.extent('n_embd'), fields.extent('n_head'), fields.extent('n_layer')];
  fields.only('add_cross_attention', false);
  // Of precision alone: scores are in float32 here anyway.
  fields.ignore('reorder_and_upcast_attn');
  const isScaled = fields.flag('scale_attn_weights', true);
  const isScaledByBlock = fields.flag('scale_attn_by_inverse_layer_idx', false);
  if (width % heads !== 0) throw fields.refuse('n_head', `${heads} heads do not divide a width of ${width}`);
  return {
    vocabulary: fields.extent('vocab_size'),
    width,
    blocks,
    heads,
    keyHeads: heads,
    headWidth: width / heads,
    hidden: fields.extent('n_inner', 4 * width),
    prefix: 'transformer',
    tokens: 'wte',
    positions: { name: 'wpe', count: fields.extent('n_positions', 1024) },
    blockList: 'h',
    names: {
      attentionNorm: 'ln_1',
      mlpNorm: 'ln_2',
      qkv: 'attn.c_attn',
      out: 'attn.c_proj',
      up: 'mlp.c_fc',
      down: 'mlp.c_proj',
    },
    finalNorm: 'ln_f',
    head: { name: 'lm_head', bias: false, tied: fields.flag('tie_word_embeddings', true) },
    norm: { kind: 'layer', eps: fields.number('layer_norm_epsilon', 1e-5) },
    qkvLayout: 'joined',
    bias: { qkv: true, out: true, mlp: true },
    storedTransposed: true,
    activation: readActivation(fields, 'activation_function', 'gelu_new'),
    residual: 'sequential',
    scales: Array.from(
      { length: blocks },
      (_, i) => (isScaled ? 1 / Math.sqrt(width / heads) : 1) / (isScaledByBlock ? i + 1 : 1),
    ),
    windows: [],
  };
});
