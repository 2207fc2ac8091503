import type { Params } from '../contest';
import { own, pytorch, type Row } from '../row';

/** What BackPACK took for the squares of the MLP's gradients, in plain PyTorch gradients of the same run. */
const BACKPACK = 1.25;

function fisherRow(
  model: string,
  samples: number,
  ratio: number,
  peers: readonly object[],
  rest: Partial<Row> = {},
): Row {
  const params: Params = { job: 'fisher', model, samples };
  return {
    name: `diagonal Fisher ${model}`,
    ours: params,
    peers: peers.map((more) => pytorch({ ...params, ...more }, { reps: 2 })),
    reps: 5,
    target: { ratio, memory: 'allowance' },
    ...rest,
  };
}

const compiled = (chunk: number): object => ({ method: 'vmap', chunk, compile: true, kernel: 'math' });
const BACKPACK_LABEL = `BackPACK (derived: ${BACKPACK} x PyTorch's gradient)`;

const mlp: Row = (() => {
  const row = fisherRow('mlp', 4096, 1.3, [{ method: 'vmap', chunk: 64, compile: true }]);
  const gradient = pytorch(
    { job: 'gradient', model: 'mlp', batch: 4096 },
    { scale: BACKPACK, label: BACKPACK_LABEL, unchecked: true },
  );
  return {
    ...row,
    peers: [gradient, ...row.peers],
    target: {
      against: { [BACKPACK_LABEL]: 1.3, 'pytorch vmap chunk 64 compiled': 5 },
      memory: 'allowance',
    },
  };
})();

/** Exact, without compilation, beside whatever PyTorch offers. */
const fishers: readonly Row[] = [
  mlp,
  fisherRow('gpt-small', 16, 1.3, [
    { method: 'loop' },
    { method: 'loop', compile: true },
    { method: 'vmap', chunk: 4 },
    compiled(16),
  ]),
  fisherRow('gpt2', 16, 1.3, [{ method: 'loop' }], { slow: true, reps: 2 }),
  fisherRow('vit', 64, 1.4, [{ method: 'loop' }, { method: 'vmap', chunk: 16 }, compiled(16)]),
  fisherRow('resnet18', 64, 1.6, [{ method: 'loop' }, { method: 'vmap', chunk: 8 }]),
];

/** What the exact diagonal Fisher costs beside a plain gradient of ours, on the same batch. */
const costs: readonly Row[] = (
  [
    ['mlp', { model: 'mlp' }, 4096, 1.1],
    ['gpt-small, T = 128', { model: 'gpt-small' }, 16, 1.15],
    ['gpt-small, T = 32', { model: 'gpt-small', context: 32 }, 64, 1.25],
    ['gpt-small, T = 8', { model: 'gpt-small', context: 8 }, 256, 1.5],
    ['vit', { model: 'vit' }, 64, 1.25],
    ['resnet18', { model: 'resnet18' }, 64, 1.4],
  ] as const
).map(([name, model, samples, cost]): Row => ({
  name: `diagonal Fisher against gradient ${name}`,
  ours: { job: 'fisher', ...model, samples },
  peers: [own({ job: 'gradient', ...model, batch: samples })],
  reps: 7,
  target: { ratio: 1 / cost },
}));

const statisticRows: readonly Row[] = (
  [
    ['norms', { what: 'norms' }],
    ['dot products with one', { what: 'dots', vectors: 1 }],
    ['dot products with 64', { what: 'dots', vectors: 64 }],
    ['Gram matrix', { what: 'gram' }],
  ] as const
).flatMap(([name, more]): Row[] => {
  const params: Params = { job: 'statistic', model: 'gpt-small', samples: 16, ...more };
  return [
    {
      name: `per-example ${name} against gradient`,
      ours: params,
      peers: [own({ job: 'gradient', model: 'gpt-small', batch: 16 })],
      reps: 7,
      target: { ratio: 1 / 1.3 },
    },
    {
      name: `per-example ${name}`,
      ours: params,
      peers: [pytorch({ ...params, job: 'vmapgrad', chunk: 4 }, { reps: 2 })],
      reps: 5,
      target: { ratio: 5 },
      // PyTorch's inner products of five million floats are 1e-4 away from those in float64, ours 4e-7.
      ...(more.what === 'gram' ? { tolerance: 1e-3 } : {}),
    },
  ];
});

export const statistics: readonly Row[] = [...fishers, ...costs, ...statisticRows];
