import type { Tensor } from '../../graph/tensor';
import { attention, attentionWithPattern } from '../../ops/attention';
import { matmul } from '../../ops/products/matmul';
import type { Bound, Layer } from '../layer';
import { linear } from '../layers/linear';
import { mergeHeads, splitHeads } from '../transformer/heads';
import { watched, type Watch } from '../watch';

type AttentionParts = Readonly<Record<'to_q' | 'to_k' | 'to_v', Layer> & Record<'to_out', readonly [Layer]>>;

/** Attention with the names of latent diffusion: `to_q`, `to_k`, `to_v`, `to_out.0`. */
export const attentionParts = (width: number, contextWidth: number, bias: boolean): AttentionParts => ({
  to_q: linear(width, width, { bias }),
  to_k: linear(contextWidth, width, { bias }),
  to_v: linear(contextWidth, width, { bias }),
  to_out: [linear(width, width)],
});

/** What a watch sees of `attendBy`, in this order. */
export const ATTENTION_NAMES = ['to_q', 'to_k', 'to_v', 'pattern'] as const;

/** Of steps [N, T, width] to a context [N, S, contextWidth]. */
export function attendBy(
  { to_q, to_k, to_v, to_out: [out] }: Bound<AttentionParts>,
  x: Tensor,
  context: Tensor,
  heads: number,
  watch?: Watch,
): Tensor {
  const q = splitHeads(watched(watch, 'to_q', to_q(x)), heads);
  const k = splitHeads(watched(watch, 'to_k', to_k(context)), heads);
  const v = splitHeads(watched(watch, 'to_v', to_v(context)), heads);
  const isPatched = watch?.isPatched('pattern') ?? false;
  if (!watch || !(isPatched || watch.isRead('pattern'))) return out(mergeHeads(attention(q, k, v)));
  const pattern = watch.at('pattern', attentionWithPattern(q, k, v).pattern);
  // A pattern that is only read leaves the output to the kernel that gives it otherwise, to the bit.
  return out(mergeHeads(isPatched ? matmul(pattern, v) : attention(q, k, v)));
}
