import type { Params } from '../contest';
import { pytorch, type Row } from '../row';

const TOKENS = 8192;

/** Bytes that must move at least, forwards and back. */
const passing: readonly Row[] = (
  [
    ['layerNorm', { rows: TOKENS, width: 768 }, 8 * TOKENS * 768, 12 * TOKENS * 768],
    ['softmax', { rows: TOKENS, width: 1024 }, 8 * TOKENS * 1024, 12 * TOKENS * 1024],
    ['crossEntropy', { rows: 1024, width: 50257 }, 4 * 1024 * 50257, 8 * 1024 * 50257],
    ['geluChain', { rows: TOKENS, width: 3072 }, 12 * TOKENS * 3072, 16 * TOKENS * 3072],
  ] as const
).flatMap(([layer, sizes, forward, backward]): Row[] =>
  (['forward', 'backward'] as const).map((pass) => {
    const params: Params = { job: 'layers', layer, pass, ...sizes };
    return {
      name: `${layer} ${pass}`,
      ours: params,
      peers: [pytorch(params), pytorch({ ...params, compile: true })],
      reps: 9,
      bytes: pass === 'forward' ? forward : backward,
      target: { ratio: 1.5, limit: 0.6 },
    };
  }),
);

const attentions: readonly Row[] = (['forward', 'backward'] as const).map((pass) => {
  const [batch, heads, length, width] = [4, 12, 512, 64];
  const params: Params = { job: 'layers', layer: 'attention', pass, batch, heads, length, width };
  // A causal query sees half of the keys; two products forwards, five back (the scores are computed again), forwards first.
  const forward = 2 * batch * heads * length * length * width;
  return {
    name: `attention ${pass}`,
    ours: params,
    peers: [pytorch(params)],
    reps: 9,
    flops: pass === 'forward' ? forward : 3.5 * forward,
    target: { ratio: 1.5, limit: 0.6 },
  };
});

export const layers: readonly Row[] = [...passing, ...attentions];
