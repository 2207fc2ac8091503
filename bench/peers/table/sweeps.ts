import { pytorch, type Row } from '../row';

/** Parameters of GPT-2 small with its whole context of 1024. */
const GPT2 = 124_439_808;

/** Passes over all parameters. */
export const sweeps: readonly Row[] = [
  {
    name: 'SSD dampening, 124 M',
    ours: { job: 'ssd', alpha: 10, lambda: 1 },
    peers: ['where', 'mask', 'compile'].map((method) =>
      pytorch({ job: 'ssd', alpha: 10, lambda: 1, method }),
    ),
    reps: 7,
    bytes: 16 * GPT2,
    target: { against: { 'pytorch where': 8, 'pytorch mask': 8, 'pytorch compile': 0.95 }, limit: 0.85 },
  },
  {
    name: 'AdamW, 124 M',
    ours: { job: 'adamw', single: true },
    // Equal steps give equal weights: all contestants take the same number.
    peers: ['fused', 'foreach'].map((method) => pytorch({ job: 'adamw', method, single: true })),
    reps: 7,
    bytes: 28 * GPT2,
    target: { limit: 0.9 },
  },
];
