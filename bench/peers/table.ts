import type { Params } from './contest';
import type { Side } from './duel';

/** What a row must reach: `ratio` is the fastest peer's time over ours, `limit` the limit's time over ours. */
export interface Target {
  readonly ratio?: number;
  readonly limit?: number;
}

export interface Peer {
  readonly side: Side;
  readonly params: Params;
  /** Its result is not comparable, or so costly to agree on that the other peers stand for it. */
  readonly unchecked?: true;
  /** Other reps than the row's, for peers that take much longer. */
  readonly reps?: number;
}

/** One comparison: ours, and whoever else computes the same. */
export interface Row {
  readonly name: string;
  readonly ours: Params;
  readonly peers: readonly Peer[];
  /** How many timed runs each. */
  readonly reps: number;
  /** Floating-point operations, a multiply-add counting as two, and bytes that must move at least. */
  readonly flops?: number;
  readonly bytes?: number;
  readonly target: Target;
  /** How far results may be apart, relatively. Default 1e-4. */
  readonly tolerance?: number;
  /** Left out by `--quick`. */
  readonly slow?: true;
}

const pytorch = (params: Params, rest: Omit<Peer, 'side' | 'params'> = {}): Peer => ({
  side: 'pytorch',
  params,
  ...rest,
});
const own = (params: Params, rest: Omit<Peer, 'side' | 'params'> = {}): Peer => ({
  side: 'palimpsest',
  params,
  unchecked: true,
  ...rest,
});

const DECODER_PARAMETERS = { 'gpt-small': 5.29e6, gpt2: 123.8e6 } as const;

/** Multiply-adds of a decoder's gradient, twice: parameters (the head included) and attention, forwards and twice back. */
function decoderFlops(model: keyof typeof DECODER_PARAMETERS, batch: number): number {
  const [width, layers, context] = model === 'gpt2' ? [768, 12, 256] : [256, 4, 128];
  const tokens = batch * context;
  // A causal query sees half of the keys, in two products.
  return 6 * tokens * DECODER_PARAMETERS[model] + 6 * layers * tokens * context * width;
}

/** Multiply-adds of the MLP's gradient, twice; its input needs none. */
const mlpFlops = (batch: number): number => batch * (6 * (1024 * 1024 + 1024 * 10) + 4 * 784 * 1024);

/** One sequence of the ViT: 12 blocks of 12 width^2 weights on 65 tokens, attention, forwards and twice back. */
const vitFlops = (batch: number): number => batch * 65 * (6 * 12 * 12 * 192 ** 2 + 12 * 12 * 65 * 192);

/** 0.555 GFLOP of multiply-adds per image forwards, counted twice, and twice that back. */
const RESNET_FLOPS = 6 * 0.5554e9;

const SHAPES = [
  ['NN', 1024, 3072, 768],
  ['NT', 1024, 3072, 768],
  ['NN', 1024, 768, 3072],
  ['NT', 1024, 768, 3072],
  ['TN', 768, 3072, 1024],
  ['TN', 3072, 768, 1024],
  ['TN', 768, 3072, 128],
  ['TN', 768, 3072, 32],
  ['TN', 768, 3072, 8],
] as const;

const products = SHAPES.map(([form, m, n, k]): Row => {
  const params: Params = { job: 'matmul', form, m, n, k };
  return {
    name: `matmul ${form} ${m}x${n}x${k}`,
    ours: params,
    peers: [pytorch(params), { side: 'onednn', params }],
    reps: 15,
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + m * n),
    target: k >= 128 ? { ratio: 0.95, limit: 0.88 } : { ratio: 1 },
  };
});

const gradients: readonly Row[] = [
  gradientRow('mlp', 4096, 9, mlpFlops(4096), 1.15),
  gradientRow('gpt-small', 8, 9, decoderFlops('gpt-small', 8), 1.3),
  { ...gradientRow('gpt2', 4, 3, decoderFlops('gpt2', 4), 1.15, 0.78), slow: true },
  gradientRow('vit', 64, 5, vitFlops(64), 1.4),
  gradientRow('resnet18', 64, 5, 64 * RESNET_FLOPS, 1),
];

function gradientRow(
  model: string,
  batch: number,
  reps: number,
  flops: number,
  ratio: number,
  limit?: number,
): Row {
  const params: Params = { job: 'gradient', model, batch };
  return {
    name: `gradient ${model}`,
    ours: params,
    peers: [pytorch(params)],
    reps,
    flops,
    target: { ratio, ...(limit === undefined ? {} : { limit }) },
  };
}

function fisherRow(model: string, samples: number, ratio: number, peers: readonly object[], reps = 5): Row {
  const params: Params = { job: 'fisher', model, samples };
  return {
    name: `diagonal Fisher ${model}`,
    ours: params,
    peers: peers.map((more) => pytorch({ ...params, ...more }, { reps: 2 })),
    reps,
    target: { ratio },
  };
}

const fishers: readonly Row[] = [
  // BackPACK, which the target is set against, took 1.25 plain gradients of the same run.
  fisherRow('mlp', 4096, 5, [{ method: 'vmap', chunk: 64, compile: true }]),
  fisherRow('gpt-small', 16, 1.3, [
    { method: 'loop' },
    { method: 'vmap', chunk: 4 },
    { method: 'vmap', chunk: 16, compile: true, kernel: 'math' },
  ]),
  { ...fisherRow('gpt2', 16, 1.3, [{ method: 'loop' }], 2), slow: true },
  fisherRow('vit', 64, 1.4, [
    { method: 'vmap', chunk: 16 },
    { method: 'vmap', chunk: 16, compile: true, kernel: 'math' },
  ]),
  fisherRow('resnet18', 64, 1.6, [{ method: 'loop' }, { method: 'vmap', chunk: 8 }]),
];

/** What the exact diagonal Fisher costs beside a plain gradient of ours, on the same batch. */
const costs: readonly Row[] = (
  [
    ['mlp', 4096, 1.1],
    ['gpt-small', 16, 1.15],
    ['vit', 64, 1.25],
    ['resnet18', 64, 1.4],
  ] as const
).map(([model, samples, cost]): Row => ({
  name: `diagonal Fisher against gradient ${model}`,
  ours: { job: 'fisher', model, samples },
  peers: [own({ job: 'gradient', model, batch: samples })],
  reps: 5,
  target: { ratio: 1 / cost },
}));

const statistics: readonly Row[] = (
  [
    ['norms', {}],
    ['dots', { vectors: 1 }],
    ['dots', { vectors: 64 }],
  ] as const
).flatMap(([what, more]): Row[] => {
  const params: Params = { job: 'statistic', model: 'gpt-small', samples: 16, what, ...more };
  const called = `per-example ${what}${'vectors' in more ? ` with ${more.vectors}` : ''}`;
  return [
    {
      name: `${called} against gradient`,
      ours: params,
      peers: [own({ job: 'gradient', model: 'gpt-small', batch: 16 })],
      reps: 5,
      target: { ratio: 1 / 1.3 },
    },
    {
      name: called,
      ours: params,
      peers: [pytorch({ ...params, job: 'vmapgrad', chunk: 4 }, { reps: 2 })],
      reps: 5,
      target: { ratio: 5 },
    },
  ];
});

const hessians: readonly Row[] = (
  [
    ['mlp', 256, 1.6],
    ['gpt-small', 8, 1.25],
  ] as const
).flatMap(([model, batch, ratio]): Row[] => {
  const params: Params = { job: 'hvp', model, batch };
  return [
    {
      name: `Hessian-vector product ${model}`,
      ours: params,
      peers: [pytorch({ ...params, method: 'double' }), pytorch({ ...params, method: 'forward' })],
      reps: 7,
      target: { ratio },
      // Second derivatives in float32.
      tolerance: 1e-3,
    },
    {
      name: `Hessian-vector product against gradient ${model}`,
      ours: params,
      peers: [own({ job: 'gradient', model, batch })],
      reps: 7,
      target: { ratio: 1 / 2.8 },
    },
  ];
});

const GPT2_WITH_CONTEXT = 124_439_808;

const sweeps: readonly Row[] = [
  {
    name: 'SSD dampening, 124 M',
    ours: { job: 'ssd', alpha: 10, lambda: 1 },
    peers: ['where', 'mask', 'compile'].map((method) =>
      pytorch({ job: 'ssd', alpha: 10, lambda: 1, method }),
    ),
    reps: 7,
    bytes: 16 * GPT2_WITH_CONTEXT,
    target: { ratio: 0.95, limit: 0.85 },
  },
  {
    name: 'AdamW, 124 M',
    ours: { job: 'adamw' },
    // Equal steps give equal weights: all contestants take the same number.
    peers: ['fused', 'foreach'].map((method) => pytorch({ job: 'adamw', method })),
    reps: 7,
    bytes: 28 * GPT2_WITH_CONTEXT,
    target: { limit: 0.9 },
  },
];

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
  return [
    {
      name: `closed-form edit of ${edits}`,
      ours: { ...params, method: 'direct' },
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
  ];
});

const concepts: readonly Row[] = [
  {
    name: 'closed-form edit of 32 cross-attention matrices',
    ours: { job: 'uce', width: 768, concepts: 100, lambda: 0.1 },
    peers: ['low-rank', 'shared', 'inverse'].map((method) =>
      pytorch({ job: 'erasure', what: 'uce', width: 768, concepts: 100, lambda: 0.1, method }),
    ),
    reps: 7,
    target: { ratio: 1.5 },
    // Peers solve an ill-conditioned system in float32.
    tolerance: 2e-3,
  },
];

const decompositions: readonly Row[] = [768, 3072].flatMap((n): Row[] =>
  ['eigh', 'cholesky'].map((what) => ({
    name: `${what} ${n}`,
    ours: { job: what, n },
    peers: [pytorch({ job: 'kfac', what, n })],
    reps: n > 1000 && what === 'eigh' ? 3 : 7,
    target: { ratio: 1 },
    ...(n > 1000 ? { slow: true as const } : {}),
  })),
);

const TOKENS = 8192;

const layers: readonly Row[] = (
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
      peers: [pytorch(params)],
      reps: 11,
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
    reps: 11,
    flops: pass === 'forward' ? forward : 3.5 * forward,
    target: { ratio: 1.5, limit: 0.6 },
  };
});

export const table: readonly Row[] = [
  ...products,
  ...gradients,
  ...fishers,
  ...costs,
  ...statistics,
  ...hessians,
  ...sweeps,
  ...updates,
  ...closedForms,
  ...concepts,
  ...decompositions,
  ...layers,
  ...attentions,
];
