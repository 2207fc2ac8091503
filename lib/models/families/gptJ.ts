import { readActivation } from '../decoder/activations';
import { decoderFamily } from './decoderFamily';

/** GPT-J (Wang and Komatsuzaki 2021): one norm for attention and the layers beside it, neighbours turned as pairs. */
export const gptJ = decoderFamily('gptj', 'GPTJ', (fields) => {
  const [width, heads, blocks] = [fields.extent('n_embd'), fields.extent('n_head'), fields.extent('n_layer')];
  if (width % heads !== 0) throw fields.refuse('n_head', `${heads} heads do not divide a width of ${width}`);
  const headWidth = width / heads;
  const turned = fields.extent('rotary_dim', headWidth);
  // A limit for tokenizers; switches of old versions that changed nothing.
  fields.ignore('n_positions', 'rotary', 'scale_attn_weights');
  return {
    vocabulary: fields.extent('vocab_size'),
    width,
    blocks,
    heads,
    keyHeads: heads,
    headWidth,
    hidden: fields.extent('n_inner', 4 * width),
    prefix: 'transformer',
    tokens: 'wte',
    blockList: 'h',
    names: {
      attentionNorm: 'ln_1',
      qkv: ['attn.q_proj', 'attn.k_proj', 'attn.v_proj'],
      out: 'attn.out_proj',
      up: 'mlp.fc_in',
      down: 'mlp.fc_out',
    },
    finalNorm: 'ln_f',
    head: { name: 'lm_head', bias: true, tied: fields.flag('tie_word_embeddings', false) },
    norm: { kind: 'layer', eps: fields.number('layer_norm_epsilon', 1e-5) },
    qkvLayout: 'joined',
    bias: { qkv: false, out: false, mlp: true },
    activation: readActivation(fields, 'activation_function', 'gelu_new'),
    residual: 'parallel',
    rotary: { width: turned, base: 10_000, layout: 'interleaved' },
    scales: Array<number>(blocks).fill(1 / Math.sqrt(headWidth)),
    windows: [],
  };
});
