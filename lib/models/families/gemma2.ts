import { decoderFamily } from './decoderFamily';
import { attentionBias, LLAMA_NAMES, llamaLike, readWindows } from './llamaLike';

/** Gemma 2 (2024): norms before and behind, capped scores and logits, scaled embeddings, every other block with a window. */
export const gemma2 = decoderFamily('gemma2', 'Gemma2', (fields) => {
  fields.only('use_bidirectional_attention', false);
  // An older name of the activation, which is not what is computed when both are there.
  fields.ignore('hidden_act', 'cache_implementation');
  const own = llamaLike(fields, {
    tied: true,
    activation: 'gelu_pytorch_tanh',
    activationField: 'hidden_activation',
    headWidth: 256,
  });
  const scale = fields.number('query_pre_attn_scalar', 256) ** -0.5;
  const capOf = (name: string): number | undefined => (fields.has(name) ? fields.number(name) : undefined);
  const [softCap, logitCap] = [capOf('attn_logit_softcapping'), capOf('final_logit_softcapping')];
  return {
    ...own,
    norm: { ...own.norm, kind: 'rmsPlusOne' as const },
    names: {
      ...LLAMA_NAMES,
      attentionPostNorm: 'post_attention_layernorm',
      mlpNorm: 'pre_feedforward_layernorm',
      mlpPostNorm: 'post_feedforward_layernorm',
    },
    bias: { ...attentionBias(fields), mlp: false },
    scales: Array<number>(own.blocks).fill(scale),
    windows: readWindows(fields, own.blocks, (i) => i % 2 === 0),
    embeddingScale: Math.sqrt(own.width),
    ...(softCap === undefined ? {} : { softCap }),
    ...(logitCap === undefined ? {} : { logitCap }),
  };
});
