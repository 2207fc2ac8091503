import { OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { isFloat } from '../../graph/dtype';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { mul } from '../../ops/elementwise/arithmetic';
import { abs, sign } from '../../ops/elementwise/math';
import { takeAlong } from '../../ops/indexing/takeAlong';
import { matmul } from '../../ops/products/matmul';
import { argmax } from '../../ops/reduce/argmax';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';
import { normal } from '../../random/draw';
import { batchOf, checkMatrix, productTA } from '../matrices';
import { qr } from './qr';
import { svd, type Svd } from './svd';

export interface RandomizedSvdOptions {
  /** The random numbers. */
  readonly key: Tensor;
  /** How many singular values and vectors, from 1 to min(m, n). */
  readonly rank: number;
  /** How many more directions the sketch has. Default 10, as Halko et al. recommend. */
  readonly oversampling?: number;
  /** How often the sketch is multiplied by `A A^T`: more for values that fall off slowly. Default 2. */
  readonly powerIterations?: number;
}

const RANDOMIZED_SVD_OPTIONS: Kinds<RandomizedSvdOptions> = {
  key: 'tensor',
  rank: 'number',
  oversampling: 'number',
  powerIterations: 'number',
};

/**
 * The largest singular values and their vectors of matrices a [..., m, n] from a random sketch of their range (Halko, Martinsson
 * and Tropp 2011, algorithms 4.4 and 5.1): `a` is nearly `U diag(s) V^T` when its other singular values are small. It costs
 * 2 (powerIterations + 1) products with as many columns as rank and oversampling together.
 *
 * @example
 * const { u, s, vh } = randomizedSvd(gradients, { key: key(0), rank: 16 });
 * @throws ShapeError or DTypeError unless a holds float matrices; OptionError for a misspelled or missing option or one out of
 *   range; reading it raises ERR_VALUE for NaN and infinities.
 */
export function randomizedSvd(a: Tensor, options: RandomizedSvdOptions): Svd {
  checkTensors('randomizedSvd', { a });
  checkKinds('randomizedSvd', options, RANDOMIZED_SVD_OPTIONS);
  checkMatrix('randomizedSvd', a);
  const [m, n] = [extent(a.shape, -2), extent(a.shape, -1)];
  const { key, rank, oversampling = 10, powerIterations = 2 } = options;
  checkCount('rank', rank, 1, Math.min(m, n));
  checkCount('oversampling', oversampling, 0, Number.MAX_SAFE_INTEGER);
  checkCount('powerIterations', powerIterations, 0, 1000);
  const width = Math.min(m, n, rank + oversampling);
  const sketch = normal(key, [...batchOf(a), n, width], { dtype: isFloat(a.dtype) ? a.dtype : 'float32' });
  let { q } = qr(matmul(a, sketch));
  // Orthonormalising in between keeps the small directions from drowning in rounding errors.
  for (let i = 0; i < powerIterations; i++) q = qr(matmul(a, qr(productTA(a, q)).q)).q;
  const small = svd(productTA(q, a));
  const first = (x: Tensor, axis: number): Tensor =>
    slice(x, { stops: x.shape.map((_, i) => (i === x.shape.length + axis ? rank : undefined)) });
  return withFixedSigns({
    u: first(matmul(q, small.u), -1),
    s: first(small.s, -1),
    vh: first(small.vh, -2),
  });
}

/** The largest component of every left vector positive, as `svd` has it. */
function withFixedSigns({ u, s, vh }: Svd): Svd {
  const columns = transpose(u);
  const signs = sign(takeAlong(columns, argmax(abs(columns), { keepDims: true })));
  return { u: mul(u, transpose(signs)), s, vh: mul(vh, signs) };
}

function checkCount(name: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new OptionError(`randomizedSvd: ${name} must be an integer from ${low} to ${high}, got ${value}`);
}
