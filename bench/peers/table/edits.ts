import type { Params } from '../contest';
import { own, pytorch, type Peer, type Row } from '../row';

/** W + A B. */
const updates: readonly Row[] = (
  [
    [3072, 768],
    [4096, 14336],
  ] as const
).flatMap(([out, inputs]) =>
  [1, 64].map((rank): Row => {
    const params: Params = { job: 'lowrank', out, in: inputs, rank };
    return {
      name: `rank-${rank} update ${out}x${inputs}`,
      ours: params,
      peers: [pytorch(params)],
      reps: 15,
      flops: 2 * out * inputs * rank,
      bytes: 8 * out * inputs,
      target: { ratio: 1, limit: 0.9 },
    };
  }),
);

const closedForms: readonly Row[] = [100, 1000].flatMap((edits): Row[] => {
  const params: Params = { job: 'ridge', in: 3072, out: 768, edits, lambda: 15000 };
  const peer = (more: object): Peer => pytorch({ ...params, ...more });
  const direct = { ...params, method: 'direct' };
  return [
    {
      name: `closed-form edit of ${edits}`,
      ours: direct,
      peers: [peer({ method: 'cholesky' }), peer({ method: 'lu' })],
      reps: 5,
      target: { ratio: 1.1 },
    },
    {
      name: `closed-form edit of ${edits}, factor kept`,
      ours: { ...params, method: 'woodbury' },
      peers: [peer({ method: 'woodbury' })],
      reps: 7,
      target: { ratio: 1.1 },
    },
    {
      name: `closed-form edit of ${edits}, float64 against float32`,
      ours: { ...direct, dtype: 'f64' },
      peers: [own(direct, { label: 'own float32' }), peer({ method: 'cholesky', dtype: 'f64' })],
      reps: 5,
      target: { against: { 'own float32': 1 / 2.2 } },
    },
  ];
});

const ERASURE = { rows: 100_000, width: 768, classes: 2 } as const;
const FEATURES = ERASURE.rows * ERASURE.width;
const erasure = (what: string, more: object = {}): Params => ({ job: 'erasure', what, ...ERASURE, ...more });
const EDITED: Params = { job: 'erasure', what: 'uce', width: 768, concepts: 100, lambda: 0.1 };

const concepts: readonly Row[] = [
  {
    name: 'LEACE fit, 100k x 768',
    ours: erasure('fit'),
    peers: [pytorch(erasure('fit', { method: 'eigh' })), pytorch(erasure('fit', { method: 'cholesky' }))],
    reps: 5,
    // Half of a symmetric product.
    flops: FEATURES * ERASURE.width,
    bytes: 4 * FEATURES,
    target: { ratio: 1.5 },
    // Whitening in float32.
    tolerance: 1e-3,
  },
  {
    name: 'LEACE application, 100k x 768',
    ours: erasure('apply'),
    peers: [
      pytorch(erasure('apply', { method: 'dense' })),
      pytorch(erasure('apply', { method: 'low-rank' })),
    ],
    reps: 7,
    bytes: 8 * FEATURES,
    target: { ratio: 1.5 },
    tolerance: 1e-3,
  },
  {
    name: 'INLP step, 100k x 768',
    ours: erasure('inlp'),
    peers: ['sklearn', 'torch'].map((method) => pytorch(erasure('inlp', { method }), { reps: 3 })),
    reps: 5,
    target: { ratio: 1.5 },
    // Where L-BFGS stops: scikit-learn's stop, which is ours, and PyTorch's narrower one are as far apart.
    tolerance: 2e-2,
  },
  {
    name: 'closed-form edit of 32 cross-attention matrices',
    ours: EDITED,
    peers: ['low-rank', 'shared', 'inverse'].map((method) => pytorch({ ...EDITED, method })),
    reps: 7,
    target: { ratio: 1.5 },
    // Peers solve an ill-conditioned system in float32.
    tolerance: 2e-3,
  },
];

export const edits: readonly Row[] = [...updates, ...closedForms, ...concepts];
