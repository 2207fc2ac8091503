import { decoderFamily } from './decoderFamily';
import { LLAMA_NAMES, llamaLike, readWindows } from './llamaLike';

/** Phi-3 (Abdin et al. 2024): Llama with joined projections; long texts by factors of every pair. */
export const phi3 = decoderFamily('phi3', 'Phi3', (fields) => {
  const { gate: _joined, ...names } = LLAMA_NAMES;
  fields.ignore('original_max_position_embeddings');
  const own = llamaLike(fields, { eps: 1e-5 });
  return {
    ...own,
    names: { ...names, qkv: 'self_attn.qkv_proj', up: 'mlp.gate_up_proj' },
    gateUpJoined: true,
    windows: readWindows(fields, own.blocks),
  };
});
