// How many floating-point operations gradients take, a multiply-add counting as two.

export const DECODERS = {
  'gpt-small': { parameters: 5.29e6, width: 256, layers: 4, context: 128 },
  gpt2: { parameters: 123.8e6, width: 768, layers: 12, context: 256 },
} as const;

/** Parameters (the head included) and attention, forwards and twice back; a causal query sees half of the keys, in two products. */
export function decoderFlops(model: keyof typeof DECODERS, batch: number): number {
  const { parameters, width, layers, context } = DECODERS[model];
  const tokens = batch * context;
  return 6 * tokens * parameters + 6 * layers * tokens * context * width;
}

/** 784-h-h-10; its input needs no gradient. */
export const mlpFlops = (batch: number, hidden = 1024): number =>
  batch * (6 * (hidden * hidden + hidden * 10) + 4 * 784 * hidden);

/** Sequences of 65: 12 blocks of 12 width^2 weights, and attention, forwards and twice back. */
export const vitFlops = (batch: number): number => batch * 65 * (6 * 12 * 12 * 192 ** 2 + 12 * 12 * 65 * 192);

/** 0.555 GFLOP of multiply-adds per image forwards, counted twice, and twice that back. */
export const resnetFlops = (batch: number): number => batch * 6 * 0.5554e9;
