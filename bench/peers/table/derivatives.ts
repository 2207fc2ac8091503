import type { Params } from '../contest';
import { node, own, pytorch, type Row } from '../row';
import { decoderFlops, mlpFlops, resnetFlops, vitFlops } from './flops';

/**
 * A unit of an example that is within rounding of ReLU's kink is on for one program and off for the other. About one in
 * 10^6 is, and that many change the gradient by sqrt(10^-6 / share of units that are on): PyTorch's own float32 gradient
 * of the MLP is 6e-4 away from its float64 one. So results agree strictly at few examples, where no unit is so near.
 */
const KINKS = { tolerance: 2.5e-3, strictAt: { batch: 16 } } as const;

interface Settings {
  readonly reps: number;
  readonly flops: number;
  readonly ratio: number;
  readonly rest?: Partial<Row>;
  readonly limit?: number;
  readonly compiled?: boolean;
}

function gradientRow(
  model: string,
  batch: number,
  { reps, flops, ratio, limit, rest = {}, compiled = true }: Settings,
): Row {
  const params: Params = { job: 'gradient', model, batch };
  return {
    name: `gradient ${model}`,
    ours: params,
    peers: [pytorch(params), ...(compiled ? [pytorch({ ...params, compile: true })] : [])],
    reps,
    flops,
    target: { ratio, ...(limit === undefined ? {} : { limit }), memory: 'peers' },
    ...rest,
  };
}

const gradients: readonly Row[] = [
  gradientRow('mlp', 4096, { reps: 9, flops: mlpFlops(4096), ratio: 1.15, rest: KINKS }),
  gradientRow('gpt-small', 8, { reps: 9, flops: decoderFlops('gpt-small', 8), ratio: 1.3 }),
  gradientRow('gpt2', 4, {
    reps: 3,
    flops: decoderFlops('gpt2', 4),
    ratio: 1.15,
    limit: 0.78,
    // Compiling takes minutes and more memory than the machine may have.
    compiled: false,
    rest: { slow: true },
  }),
  gradientRow('vit', 64, { reps: 5, flops: vitFlops(64), ratio: 1.4 }),
  gradientRow('resnet18', 64, {
    reps: 5,
    flops: resnetFlops(64),
    ratio: 1,
    rest: { ...KINKS, strictAt: { batch: 1 } },
  }),
];

const NODE_GRADIENT: Params = { job: 'gradient', model: 'mlp', batch: 256 };

/** The gradient beside the two libraries for Node that have one; onnxruntime-node differentiates nothing. */
const nodePeers: Row = {
  name: 'gradient mlp beside Node libraries',
  ours: NODE_GRADIENT,
  peers: ['@tensorflow/tfjs', '@jax-js/jax'].map((library) => node(library, NODE_GRADIENT, { reps: 3 })),
  reps: 7,
  flops: mlpFlops(256),
  target: {},
  ...KINKS,
};

const hessians: readonly Row[] = (
  [
    ['mlp', 256, 1.6],
    ['gpt-small', 8, 1.25],
  ] as const
).flatMap(([model, batch, ratio]): Row[] => {
  const params: Params = { job: 'hvp', model, batch };
  const gradient = own({ job: 'gradient', model, batch });
  return [
    {
      name: `Hessian-vector product ${model}`,
      ours: params,
      peers: [
        pytorch({ ...params, method: 'double' }),
        pytorch({ ...params, method: 'forward' }),
        pytorch({ ...params, method: 'forward', compile: true }),
      ],
      reps: 7,
      target: { ratio },
      // Second derivatives in float32.
      tolerance: 1e-3,
    },
    {
      name: `Hessian-vector product against gradient ${model}`,
      ours: params,
      peers: [gradient],
      reps: 9,
      target: { ratio: 1 / 2.8 },
    },
    {
      name: `first linearized product against gradient ${model}`,
      ours: { ...params, job: 'linearize' },
      peers: [gradient],
      reps: 7,
      target: { ratio: 1 / 2.8 },
    },
    {
      name: `further linearized product against gradient ${model}`,
      ours: { ...params, job: 'linearized' },
      peers: [gradient],
      reps: 9,
      target: { ratio: 1 / 2.15 },
    },
    {
      name: `16 Hessian-vector products against single ones ${model}`,
      ours: { ...params, vectors: 16 },
      peers: [own(params, { scale: 16, label: '16 x own hvp' })],
      reps: 5,
      target: { ratio: 1 / 0.6 },
    },
    {
      name: `Gauss-Newton product against gradient ${model}`,
      ours: { ...params, job: 'gnvp' },
      peers: [gradient],
      reps: 9,
      target: { ratio: 1 / 2 },
    },
    {
      name: `Gauss-Newton product ${model}`,
      ours: { ...params, job: 'gnvp' },
      peers: [pytorch({ ...params, job: 'gnvp' })],
      reps: 5,
      target: {},
      tolerance: 1e-3,
    },
  ];
});

export const derivatives: readonly Row[] = [...gradients, nodePeers, ...hessians];
