import type { Fields } from '../checkpoint/fields';
import { readActivation, type ActivationName } from '../decoder/activations';
import type { BlockNames, DecoderDescription } from '../decoder/description';
import { readRotary, type RotarySettings } from './rotary';

/** Names that Llama gave and most took over. */
export const LLAMA_NAMES: BlockNames = {
  attentionNorm: 'input_layernorm',
  mlpNorm: 'post_attention_layernorm',
  qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  out: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};

export interface LlamaLikeDefaults {
  readonly eps?: number;
  readonly tied?: boolean;
  readonly activation?: ActivationName;
  readonly activationField?: string;
  /** Of a head, where the configuration has no `head_dim`. */
  readonly headWidth?: number;
  readonly rotary?: Omit<RotarySettings, 'headWidth'>;
}

/** What the fields say that all relatives of Llama have. A family changes what differs. */
export function llamaLike(fields: Fields, defaults: LlamaLikeDefaults = {}): DecoderDescription {
  const { eps = 1e-6, tied = false, activation = 'silu', activationField = 'hidden_act' } = defaults;
  const [width, heads, blocks] = [
    fields.extent('hidden_size'),
    fields.extent('num_attention_heads'),
    fields.extent('num_hidden_layers'),
  ];
  const keyHeads = fields.extent('num_key_value_heads', heads);
  const headWidth = fields.extent('head_dim', defaults.headWidth ?? width / heads);
  if (heads % keyHeads !== 0) {
    throw fields.refuse('num_key_value_heads', `${keyHeads} heads of keys do not divide ${heads} of queries`);
  }
  fields.only('pretraining_tp', 1);
  // Only a limit for tokenizers, and where rotary scaling reads it.
  fields.ignore('max_position_embeddings');
  return {
    vocabulary: fields.extent('vocab_size'),
    width,
    blocks,
    heads,
    keyHeads,
    headWidth,
    hidden: fields.extent('intermediate_size'),
    prefix: 'model',
    tokens: 'embed_tokens',
    blockList: 'layers',
    names: LLAMA_NAMES,
    finalNorm: 'norm',
    head: { name: 'lm_head', bias: false, tied: fields.flag('tie_word_embeddings', tied) },
    norm: { kind: 'rms', eps: fields.number('rms_norm_eps', eps) },
    qkvLayout: 'joined',
    bias: { qkv: false, out: false, mlp: false },
    activation: readActivation(fields, activationField, activation),
    residual: 'sequential',
    rotary: readRotary(fields, { ...defaults.rotary, headWidth }),
    scales: Array<number>(blocks).fill(1 / Math.sqrt(headWidth)),
    windows: [],
  };
}

/** Biases of all projections of attention by one field. */
export const attentionBias = (fields: Fields): { readonly qkv: boolean; readonly out: boolean } => {
  const has = fields.flag('attention_bias', false);
  return { qkv: has, out: has };
};

/**
 * How far back the queries of each block see. `layer_types` decides where it is there, else `usual`, which is true for the blocks
 * with a window.
 */
export function readWindows(
  fields: Fields,
  blocks: number,
  usual: (block: number) => boolean = () => true,
): (number | undefined)[] {
  const types = fields.texts('layer_types');
  const window = fields.has('sliding_window') ? fields.extent('sliding_window') : undefined;
  fields.ignore('sliding_window');
  if (types && types.length !== blocks) {
    throw fields.refuse('layer_types', `${blocks} entries expected, one per block, got ${types.length}`);
  }
  return Array.from({ length: blocks }, (_, i) => {
    const type = types?.[i] ?? (usual(i) ? 'sliding_attention' : 'full_attention');
    if (type === 'full_attention') return undefined;
    if (type === 'sliding_attention') return window;
    throw fields.refuse(
      'layer_types',
      `'${type}' is not supported, only full_attention and sliding_attention`,
    );
  });
}
