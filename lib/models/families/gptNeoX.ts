import { readActivation } from '../decoder/activations';
import { decoderFamily } from './decoderFamily';
import { readRotary } from './rotary';

/** GPT-NeoX (Black et al. 2022) and Pythia: q, k and v of a head beside each other, part of a head turned, blocks in parallel. */
export const gptNeoX = decoderFamily('gpt_neox', 'GPTNeoX', (fields) => {
  const [width, heads, blocks] = [
    fields.extent('hidden_size'),
    fields.extent('num_attention_heads'),
    fields.extent('num_hidden_layers'),
  ];
  if (width % heads !== 0)
    throw fields.refuse('num_attention_heads', `${heads} heads do not divide a width of ${width}`);
  const headWidth = width / heads;
  const hasBias = fields.flag('attention_bias', true);
  fields.ignore('max_position_embeddings');
  return {
    vocabulary: fields.extent('vocab_size'),
    width,
    blocks,
    heads,
    keyHeads: heads,
    headWidth,
    hidden: fields.extent('intermediate_size'),
    prefix: 'gpt_neox',
    tokens: 'embed_in',
    blockList: 'layers',
    names: {
      attentionNorm: 'input_layernorm',
      mlpNorm: 'post_attention_layernorm',
      qkv: 'attention.query_key_value',
      out: 'attention.dense',
      up: 'mlp.dense_h_to_4h',
      down: 'mlp.dense_4h_to_h',
    },
    finalNorm: 'final_layer_norm',
    head: { name: 'embed_out', bias: false, tied: fields.flag('tie_word_embeddings', false) },
    norm: { kind: 'layer', eps: fields.number('layer_norm_eps', 1e-5) },
    qkvLayout: 'perHead',
    bias: { qkv: hasBias, out: hasBias, mlp: true },
    activation: readActivation(fields, 'hidden_act', 'gelu'),
    residual: fields.flag('use_parallel_residual', true) ? 'parallel' : 'sequential',
    rotary: readRotary(fields, {
      headWidth,
      share: 0.25,
      baseField: 'rotary_emb_base',
      shareField: 'rotary_pct',
    }),
    scales: Array<number>(blocks).fill(1 / Math.sqrt(headWidth)),
    windows: [],
  };
});
