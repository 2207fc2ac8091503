import type { Fields } from '../checkpoint/fields';
import { decoderFamily } from './decoderFamily';
import { attentionBias, LLAMA_NAMES, llamaLike, readWindows } from './llamaLike';

/** Blocks from `max_window_layers` on have a window, where windows are used at all. */
function windowsOf(fields: Fields, blocks: number): (number | undefined)[] {
  const isUsed = fields.flag('use_sliding_window', false);
  const first = fields.number('max_window_layers', blocks);
  const windows = readWindows(fields, blocks, (i) => i >= first);
  return isUsed ? windows : [];
}

/** Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases of queries, keys and values. */
export const qwen2 = decoderFamily('qwen2', 'Qwen2', (fields) => {
  const own = llamaLike(fields);
  return { ...own, bias: { ...own.bias, qkv: true }, windows: windowsOf(fields, own.blocks) };
});

/** Qwen3 (Yang et al. 2025): norms of every head's queries and keys instead. */
export const qwen3 = decoderFamily('qwen3', 'Qwen3', (fields) => {
  const own = llamaLike(fields, { headWidth: 128 });
  return {
    ...own,
    names: { ...LLAMA_NAMES, queryNorm: 'self_attn.q_norm', keyNorm: 'self_attn.k_norm' },
    qkNorm: 'heads' as const,
    bias: { ...attentionBias(fields), mlp: false },
    windows: windowsOf(fields, own.blocks),
  };
});
