import { readFileSync } from 'node:fs';

import type { Params } from '../contest';
import { node, onednn, own, pytorch, type Row } from '../row';

const SHAPES = [
  ['NN', 1024, 3072, 768],
  ['NT', 1024, 3072, 768],
  ['NN', 1024, 768, 3072],
  ['NT', 1024, 768, 3072],
  ['TN', 768, 3072, 1024],
  ['TN', 3072, 768, 1024],
  ['NN', 4096, 3072, 768],
  ['NT', 4096, 3072, 768],
  ['TN', 768, 3072, 4096],
  ['TN', 768, 3072, 512],
  ['TN', 768, 3072, 128],
  ['TN', 768, 3072, 32],
  ['TN', 768, 3072, 8],
] as const;

const flopsOf = (m: number, n: number, k: number): number => 2 * m * n * k;

/** The three orientations of a linear layer, at GPT-2's shapes. */
const float32 = SHAPES.map(([form, m, n, k]): Row => {
  const params: Params = { job: 'matmul', form, m, n, k };
  return {
    name: `matmul ${form} ${m}x${n}x${k}`,
    ours: params,
    peers: [pytorch(params), onednn(params)],
    reps: 11,
    flops: flopsOf(m, n, k),
    bytes: 4 * (m * k + k * n + m * n),
    target: k >= 128 ? { against: { onednn: 0.95 }, limit: 0.88 } : { against: { onednn: 1 } },
  };
});

/** The one shape at which libraries for Node are asked too. */
const nodePeers: Row = (() => {
  const [m, n, k] = [1024, 768, 3072] as const;
  const params: Params = { job: 'matmul', form: 'NN', m, n, k };
  return {
    name: 'matmul beside Node libraries',
    ours: params,
    peers: ['onnxruntime-node', '@tensorflow/tfjs', '@jax-js/jax'].map((library) => node(library, params)),
    reps: 7,
    flops: flopsOf(m, n, k),
    target: { against: { 'onnxruntime-node': 1 } },
  };
})();

const needsBfloat16 = (): string | undefined =>
  /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
    ? undefined
    : 'the processor has no products of bfloat16';

const bfloat16 = (
  [
    ['NN', 1024, 3072, 768],
    ['NT', 4096, 3072, 768],
    ['TN', 768, 3072, 1024],
  ] as const
).map(([form, m, n, k]): Row => {
  const params: Params = { job: 'matmul', form, m, n, k };
  return {
    name: `matmul bfloat16 ${form} ${m}x${n}x${k}`,
    ours: { ...params, dtype: 'bf16' },
    peers: [own(params, { label: 'own float32' }), pytorch({ ...params, dtype: 'bf16' })],
    reps: 11,
    target: { against: { 'own float32': 1.5 } },
    // Results are rounded to eight bits.
    tolerance: 1e-2,
    impossible: needsBfloat16,
  };
});

export const products: readonly Row[] = [...float32, nodePeers, ...bfloat16];
