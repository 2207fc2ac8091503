import { NotDifferentiableError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, several, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, div, equal, mul, onesLike, square, sub, zeros } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { expandDims } from '../../ops/shape/reshape';
import { transpose } from '../../ops/shape/transpose';
import { batchAxis, batchOf, checkMatrix, productTA, productTB, stacked } from '../matrices';
import { inverseGaps } from './eigh';
import { diagEmbed, diagonal } from '../../ops/shape/diagonal';

interface Vectors {
  readonly full: boolean;
}

const rank = ({ shape }: Spec): number => Math.min(extent(shape, -2), extent(shape, -1));
const work = (a: Spec): number => sizeOf(a.shape) * rank(a);

function outputsOf(a: Spec, full: boolean): readonly [Spec, Spec, Spec] {
  const [m, n, k] = [extent(a.shape, -2), extent(a.shape, -1), rank(a)];
  const { dtype } = a;
  return [
    { shape: [...batchOf(a), m, full ? m : k], dtype },
    { shape: [...batchOf(a), k], dtype },
    { shape: [...batchOf(a), full ? n : k, n], dtype },
  ];
}

/** `1 / s`, and 0 where s is: directions that a matrix does not see. */
function inverseOf(s: Tensor): Tensor {
  const isZero = equal(s, 0);
  return where(isZero, zeros([], s.dtype), div(1, where(isZero, onesLike(s), s)));
}

const columnsTimes = (x: Tensor, s: Tensor): Tensor => mul(x, expandDims(s, -2));
const rowsTimes = (s: Tensor, x: Tensor): Tensor => mul(expandDims(s, -1), x);
/** `x - Q Q^T x`: what the columns of Q do not span. */
const beyond = (q: Tensor, x: Tensor): Tensor => sub(x, matmul(q, productTA(q, x)));
const plusTransposed = (x: Tensor): Tensor => add(x, transpose(x));

function refuseFull({ full }: Vectors, a: Tensor): void {
  if (full && extent(a.shape, -1) !== extent(a.shape, -2)) {
    throw new NotDifferentiableError(
      'svd: with full: true the vectors beyond the k-th are not determined; use full: false',
    );
  }
}

const svdOp = defineOp<Vectors>('svd', {
  infer: ([a], { full }) => {
    checkMatrix('svd', a);
    return outputsOf(a, full);
  },
  lower: {
    kernel: 'svd',
    attributes: ({ full }) => [Number(full)],
    views: (_attributes, [a], [u, s, vh]) => ({
      inputs: [stacked(a)],
      outputs: [stacked(u), stacked(s, 1), stacked(vh)],
    }),
  },
  flops: ([a]) => 8 * work(a),
  // J = F o (U^T gU), K = F o (V^T gV), F_ij = 1 / (s_j^2 - s_i^2):
  // dA = U ((J + J^T) S + S (K + K^T) + diag(gs)) V^T + (1 - U U^T) gU S^-1 V^T + U S^-1 gV^T (1 - V V^T) (Giles 2008).
  vjp: ([gu, gs, gvh], [a], [u, s, vh], attributes) => {
    refuseFull(attributes, a);
    const gaps = inverseGaps(square(s));
    const left = plusTransposed(mul(gaps, productTA(u, gu)));
    const right = plusTransposed(mul(gaps, productTB(vh, gvh)));
    const inner = add(add(columnsTimes(left, s), rowsTimes(s, right)), diagEmbed(gs));
    let da = matmul(u, matmul(inner, vh));
    const [m, n] = [extent(a.shape, -2), extent(a.shape, -1)];
    if (m > n) da = add(da, matmul(beyond(u, columnsTimes(gu, inverseOf(s))), vh));
    if (n > m) {
      const v = transpose(vh);
      da = add(da, matmul(u, transpose(beyond(v, columnsTimes(transpose(gvh), inverseOf(s))))));
    }
    return [da];
  },
  // P = U^T dA V: ds = diag(P), dU = U (F o (P S + S P^T)) + (1 - U U^T) dA V S^-1, dV alike.
  jvp: ([da], [a], [u, s, vh], attributes) => {
    if (!da) return [null, null, null];
    refuseFull(attributes, a);
    const v = transpose(vh);
    const p = productTA(u, matmul(da, v));
    const gaps = inverseGaps(square(s));
    let du = matmul(u, mul(gaps, plusTransposed(columnsTimes(p, s))));
    let dv = matmul(v, mul(gaps, plusTransposed(rowsTimes(s, p))));
    const [m, n] = [extent(a.shape, -2), extent(a.shape, -1)];
    if (m > n) du = add(du, beyond(u, columnsTimes(matmul(da, v), inverseOf(s))));
    if (n > m) dv = add(dv, beyond(v, columnsTimes(productTA(da, u), inverseOf(s))));
    return [du, diagonal(p), transpose(dv)];
  },
  example: { axis: batchAxis },
});

const svdvalsOp = defineOp('svdvals', {
  infer: ([a]) => {
    checkMatrix('svdvals', a);
    return outputsOf(a, false)[1];
  },
  lower: {
    kernel: 'svdvals',
    views: (_attributes, [a], [s]) => ({ inputs: [stacked(a)], outputs: [stacked(s, 1)] }),
  },
  flops: ([a]) => 3 * work(a),
  // dA = U diag(gs) V^T
  vjp: ([g], [a]) => {
    const { u, vh } = svd(a);
    return [matmul(columnsTimes(u, g), vh)];
  },
  // ds = diag(U^T dA V)
  jvp: ([da], [a]) => {
    if (!da) return [null];
    const { u, vh } = svd(a);
    return [diagonal(productTA(u, productTB(da, vh)))];
  },
  example: { axis: batchAxis },
});

export interface SvdOptions {
  /** All m left and n right vectors instead of the first min(m, n). Default false. */
  readonly full?: boolean;
}

const SVD_OPTIONS: Kinds<SvdOptions> = { full: 'boolean' };

export interface Svd {
  /** [..., m, k] with orthonormal columns whose largest components are positive. */
  readonly u: Tensor;
  /** [..., k], descending, none negative. */
  readonly s: Tensor;
  /** The transposed right vectors, [..., k, n]. */
  readonly vh: Tensor;
}

/**
 * The singular value decomposition `a = U diag(s) V^T` of matrices a [..., m, n], with k = min(m, n), by divide and conquer.
 * Derivatives of the values are right for repeated ones too; those of the vectors exist only where the values are distinct
 * and not zero, and with `full` only for square matrices.
 *
 * @throws ShapeError or DTypeError unless a holds float matrices; OptionError for a misspelled option; reading it raises
 *   ERR_VALUE for NaN and infinities, ERR_NO_CONVERGENCE should the iteration fail.
 */
export function svd(a: Tensor, options: SvdOptions = {}): Svd {
  checkTensors('svd', { a });
  checkKinds('svd', options, SVD_OPTIONS);
  const [u, s, vh] = several(svdOp([a], { full: options.full ?? false }));
  return { u, s, vh };
}

/** The singular values [..., min(m, n)] of matrices [..., m, n] in descending order, without the vectors. */
export function svdvals(a: Tensor): Tensor {
  checkTensors('svdvals', { a });
  return single(svdvalsOp([a], {}));
}
