import { cholesky } from '../../../lib/linalg/factor/cholesky';
import { eigh, eigvalsh } from '../../../lib/linalg/factor/eigh';
import { qr } from '../../../lib/linalg/factor/qr';
import { svd, svdvals } from '../../../lib/linalg/factor/svd';
import { matrixExponential } from '../../../lib/linalg/functions/matrixExponential';
import { choleskySolve } from '../../../lib/linalg/solve/choleskySolve';
import { triangularSolve } from '../../../lib/linalg/solve/triangularSolve';
import { eye } from '../../../lib/ops/shape/triangle';
import type { Shape } from '../../../lib/graph/shape';
import { projectSimplex } from '../../../lib/linalg/optimal/simplex';
import { add, mul } from '../../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../../lib/ops/products/matmul';
import { transpose } from '../../../lib/ops/shape/transpose';
import { key, normal } from '../../../lib/random';
import { applied, floats, indices, settings, type Family, type Input } from '../row';

/** Symmetric positive definite float32 matrices [..., n, n] with a condition number of about 5. */
const definite = (n: number, ...batch: Shape): Input => ({
  key: `definite ${[...batch, n].join(' ')}`,
  make: (seed) => {
    const x = normal(key(seed), [...batch, n, n]);
    return add(mul(matmul(x, transpose(x)), 1 / n), eye(n, { dtype: 'float32' }));
  },
});

/** Standard normal float64 numbers. */
const doubles = (...shape: Shape): Input => ({
  key: `doubles ${shape.join(' ')}`,
  make: (seed) => normal(key(seed), shape, { dtype: 'float64' }),
});

const PATH = Array.from({ length: 10 }, (_, i) => 0.1 * 0.6 ** i);
const NET = { l1Ratio: 1, tolerance: 1e-8, maxIterations: 1000, positive: false };

const cube = (n: number): number => n ** 3;

/** LAPACK's factorisations and triangular systems: what the operation counts of the textbooks make of their time. */
export const linalg: Family = {
  name: 'linalg',
  about:
    'factorisations; operations as the textbooks count them (Golub and Van Loan), on the threads of LAPACK',
  rows: [
    {
      kernel: 'cholesky',
      detail: '768',
      inputs: [definite(768)],
      run: ([a]) => cholesky(a),
      flops: cube(768) / 3,
    },
    {
      kernel: 'cholesky',
      detail: '3072',
      inputs: [definite(3072)],
      run: ([a]) => cholesky(a),
      flops: cube(3072) / 3,
    },
    {
      kernel: 'cholesky',
      detail: '256 of 64',
      inputs: [definite(64, 256)],
      run: ([a]) => cholesky(a),
      flops: (256 * cube(64)) / 3,
    },
    {
      kernel: 'triangularSolve',
      detail: '768, 3072 right sides',
      inputs: [definite(768), floats(768, 3072)],
      run: ([l, y]) => triangularSolve(l, y),
      flops: 768 * 768 * 3072,
    },
    {
      kernel: 'choleskySolve',
      detail: '768, 3072 right sides',
      inputs: [definite(768), floats(768, 3072)],
      run: ([l, y]) => choleskySolve(l, y),
      flops: 2 * 768 * 768 * 3072,
    },
    {
      kernel: 'luFactor',
      detail: '768',
      inputs: [floats(768, 768)],
      run: ([a]) => applied('luFactor', [a]),
      flops: (2 * cube(768)) / 3,
    },
    {
      kernel: 'luSolve',
      detail: '768, 768 right sides',
      inputs: [definite(768), indices(768, 768), floats(768, 768)],
      run: ([lu, pivots, y]) => applied('luSolve', [lu, pivots, y], { transposed: false }),
      flops: 2 * cube(768),
    },
    {
      kernel: 'slogdet',
      detail: '64 of 128',
      inputs: [floats(64, 128, 128)],
      run: ([a]) => applied('slogdet', [a]),
      flops: (64 * 2 * cube(128)) / 3,
    },
    {
      kernel: 'matrixExponential',
      detail: '512',
      inputs: [definite(512)],
      run: ([a]) => matrixExponential(a),
      flops: (6 * 2 + 8 / 3) * cube(512),
    },
    {
      kernel: 'eigh',
      detail: '768',
      inputs: [definite(768)],
      run: ([a]) => Object.values(eigh(a)),
      flops: 9 * cube(768),
    },
    {
      kernel: 'eigh',
      detail: '64 of 64',
      inputs: [definite(64, 64)],
      run: ([a]) => Object.values(eigh(a)),
      flops: 64 * 9 * cube(64),
    },
    {
      kernel: 'eigvalsh',
      detail: '768',
      inputs: [definite(768)],
      run: ([a]) => eigvalsh(a),
      flops: (4 * cube(768)) / 3,
    },
    {
      kernel: 'svd',
      detail: '768',
      inputs: [floats(768, 768)],
      run: ([a]) => Object.values(svd(a)),
      flops: 22 * cube(768),
    },
    {
      kernel: 'svdvals',
      detail: '768',
      inputs: [floats(768, 768)],
      run: ([a]) => svdvals(a),
      flops: (8 * cube(768)) / 3,
    },
    {
      kernel: 'assignment',
      detail: '512',
      inputs: [floats(512, 512)],
      run: ([cost]) => applied('assignment', [cost]),
    },
    {
      kernel: 'simplexProjection',
      detail: '1024 rows of 1024',
      inputs: [floats(1024, 1024)],
      run: ([x]) => projectSimplex(x),
    },
    {
      kernel: 'elasticNet',
      detail: '1000x200, 10 strengths',
      inputs: [doubles(1000, 200), doubles(1, 1000), settings(...PATH)],
      run: (inputs) => applied('elasticNet', inputs.slice(0, 3), NET),
    },
    {
      kernel: 'qr',
      detail: '3072x768',
      inputs: [floats(3072, 768)],
      run: ([a]) => Object.values(qr(a)),
      flops: 4 * 3072 * 768 * 768 - (4 * cube(768)) / 3,
    },
  ],
};
