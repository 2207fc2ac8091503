import type { Params } from '../contest';
import { pytorch, type Row } from '../row';

const FACTORS: Params = { job: 'kfac', model: 'gpt-small', samples: 64, batch: 8 };

const row = (name: string, params: Params, ratio: number, rest: Partial<Row> = {}): Row => ({
  name,
  ours: params,
  peers: [pytorch(params)],
  reps: 3,
  target: { ratio },
  ...rest,
});

const inverse = (more: object): Params => ({ job: 'kfac', what: 'inverse', damping: 0.1, ...more });

/** `U ((U^T V W) / (Lambda + damping)) W^T`: four products. */
const inverseFlops = (out: number, inputs: number): number => 4 * out * inputs * (out + inputs);

/** The linear layers of a decoder's blocks: the weights' factors, and what is made of them. */
export const kronecker: readonly Row[] = [
  row('K-FAC factors, 16 layers', { ...FACTORS, what: 'factors' }, 1.4),
  row('K-FAC eigendecompositions, 32 factors', { ...FACTORS, what: 'all-eigh' }, 1),
  row('EK-FAC corrected eigenvalues, 16 layers', { ...FACTORS, what: 'eigenvalues' }, 2, {
    // Sums over bases in which eigenvectors of near-equal eigenvalues are arbitrary.
    tolerance: 1e-3,
  }),
  row('EK-FAC inverse-vector product, 16 layers', inverse({ layers: 'gpt-small' }), 1.1, { reps: 9 }),
  row('EK-FAC inverse-vector product, small layers', inverse({ layers: 'small' }), 1.5, { reps: 11 }),
  row('EK-FAC inverse-vector product 3072x768', inverse({ layers: 'one' }), 1.1, {
    reps: 9,
    flops: inverseFlops(3072, 768),
  }),
];

/** Single decompositions. */
export const decompositions: readonly Row[] = [768, 3072].flatMap((n): Row[] =>
  ['eigh', 'cholesky'].map((what) => ({
    name: `${what} ${n}`,
    ours: { job: what, n },
    peers: [pytorch({ job: 'kfac', what, n })],
    reps: n > 1000 && what === 'eigh' ? 3 : 7,
    target: { ratio: 1 },
    ...(n > 1000 && what === 'eigh' ? { slow: true as const } : {}),
  })),
);
