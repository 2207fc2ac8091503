import type { Tensor } from '../../graph/tensor';
import type { Bound, Layer } from '../layer';
import { linear } from '../layers/linear';
import { attendHeads } from '../transformer/call';

type AttentionParts = Readonly<Record<'to_q' | 'to_k' | 'to_v', Layer> & Record<'to_out', readonly [Layer]>>;

/** Attention with the names of latent diffusion: `to_q`, `to_k`, `to_v`, `to_out.0`. */
export const attentionParts = (width: number, contextWidth: number, bias: boolean): AttentionParts => ({
  to_q: linear(width, width, { bias }),
  to_k: linear(contextWidth, width, { bias }),
  to_v: linear(contextWidth, width, { bias }),
  to_out: [linear(width, width)],
});

/** Of steps [N, T, width] to a context [N, S, contextWidth]. */
export const attendBy = (
  { to_q, to_k, to_v, to_out: [out] }: Bound<AttentionParts>,
  x: Tensor,
  context: Tensor,
  heads: number,
): Tensor => out(attendHeads(to_q(x), to_k(context), to_v(context), { heads, keyHeads: heads }, {}, {}));
