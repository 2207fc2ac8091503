import type { Fields } from '../checkpoint/fields';
import type { DecoderDescription } from '../decoder/description';
import { decoderFamily } from './decoderFamily';
import { attentionBias, LLAMA_NAMES, llamaLike } from './llamaLike';

const clipOf = (fields: Fields): Pick<DecoderDescription, 'clip'> =>
  fields.has('clip_qkv') ? { clip: fields.number('clip_qkv') } : {};

const NORMED_NAMES = { ...LLAMA_NAMES, queryNorm: 'self_attn.q_norm', keyNorm: 'self_attn.k_norm' };

/** OLMo (Groeneveld et al. 2024): layer norms without parameters, and queries, keys and values cut to a range. */
export const olmo = decoderFamily('olmo', 'Olmo', (fields) => ({
  ...llamaLike(fields),
  norm: { kind: 'plain', eps: 1e-5 },
  bias: { ...attentionBias(fields), mlp: false },
  ...clipOf(fields),
}));

/** OLMo 2 (2025): norms of what attention and the layers behind it give, and of all queries and all keys. */
export const olmo2 = decoderFamily('olmo2', 'Olmo2', (fields) => {
  const { attentionNorm: _before, mlpNorm: _between, ...names } = NORMED_NAMES;
  return {
    ...llamaLike(fields, { eps: 1e-5 }),
    names: {
      ...names,
      attentionPostNorm: 'post_attention_layernorm',
      mlpPostNorm: 'post_feedforward_layernorm',
    },
    qkNorm: 'whole' as const,
    bias: { ...attentionBias(fields), mlp: false },
  };
});

/** OLMoE (Muennighoff et al. 2024): Llama's blocks with norms of queries and keys, and many small experts. */
export const olmoe = decoderFamily('olmoe', 'Olmoe', (fields) => {
  fields.ignore('output_router_logits', 'router_aux_loss_coef');
  return {
    ...llamaLike(fields, { eps: 1e-5 }),
    names: { ...NORMED_NAMES, gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
    qkNorm: 'whole' as const,
    bias: { ...attentionBias(fields), mlp: false },
    experts: {
      count: fields.extent('num_experts', 64),
      top: fields.extent('num_experts_per_tok', 8),
      normalized: fields.flag('norm_topk_prob', false),
      router: 'mlp.gate',
      experts: 'mlp.experts',
    },
    ...clipOf(fields),
  };
});
