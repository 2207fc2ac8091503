import { decoderFamily } from './decoderFamily';
import { LLAMA_NAMES, llamaLike, readWindows } from './llamaLike';

/** Mixtral (Jiang et al. 2024): Mistral with experts. */
export const mixtral = decoderFamily('mixtral', 'Mixtral', (fields) => {
  fields.ignore('output_router_logits', 'router_aux_loss_coef', 'router_jitter_noise');
  const own = llamaLike(fields, { eps: 1e-5, rotary: { base: 1_000_000 } });
  return {
    ...own,
    names: { ...LLAMA_NAMES, gate: 'w1', up: 'w3', down: 'w2' },
    experts: {
      count: fields.extent('num_local_experts', 8),
      top: fields.extent('num_experts_per_tok', 2),
      normalized: true,
      router: 'block_sparse_moe.gate',
      experts: 'block_sparse_moe.experts',
    },
    windows: readWindows(fields, own.blocks),
  };
});
