import { checkTensors } from '../../graph/call';
import { defineOp, several, single } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Spec, Tensor } from '../../graph/tensor';
import { add, div, equal, mul, onesLike, sub, zeros } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/math';
import { expandDims } from '../../ops/shape/reshape';
import { matmul } from '../../ops/products/matmul';
import { batchAxis, batchOf, checkSquare, productTA, productTB, stacked, symmetricPart } from '../matrices';
import { diagEmbed, diagonal } from '../../ops/shape/diagonal';

const valuesOf = (a: Spec): Spec => ({ shape: a.shape.slice(0, -1), dtype: a.dtype });
const cubes = (a: Spec): number => sizeOf(batchOf(a)) * extent(a.shape, -1) ** 3;

/** Row i, column j: `1 / (x_j - x_i)`, and 0 where they are equal: what only depends on their space does not feel it. */
export function inverseGaps(x: Tensor): Tensor {
  const gaps = sub(expandDims(x, -2), expandDims(x, -1));
  const same = equal(gaps, 0);
  return where(same, zeros([], x.dtype), div(1, where(same, onesLike(gaps), gaps)));
}

const eighOp = defineOp('eigh', {
  infer: ([a]) => {
    checkSquare('eigh', a);
    return [valuesOf(a), { shape: a.shape, dtype: a.dtype }];
  },
  lower: {
    kernel: 'eigh',
    views: (_attributes, [a], [w]) => ({ inputs: [stacked(a)], outputs: [stacked(w, 1), stacked(a)] }),
  },
  // Reduction to tridiagonal form, divide and conquer, and the way back: about 9 n^3 (Golub and Van Loan).
  flops: ([a]) => 9 * cubes(a),
  // dA = sym(V (diag(gw) + F o (V^T gV)) V^T) with F_ij = 1 / (w_j - w_i) (Giles 2008).
  vjp: ([gw, gv], _inputs, [w, v]) => {
    const inner = add(diagEmbed(gw), mul(inverseGaps(w), productTA(v, gv)));
    return [symmetricPart(productTB(matmul(v, inner), v))];
  },
  // M = V^T dA V: dw = diag(M), dV = V (F o M)
  jvp: ([da], _inputs, [w, v]) => {
    if (!da) return [null, null];
    const m = productTA(v, matmul(symmetricPart(da), v));
    return [diagonal(m), matmul(v, mul(inverseGaps(w), m))];
  },
  example: { axis: batchAxis },
});

const eigvalshOp = defineOp('eigvalsh', {
  infer: ([a]) => {
    checkSquare('eigvalsh', a);
    return valuesOf(a);
  },
  lower: {
    kernel: 'eigvalsh',
    views: (_attributes, [a], [w]) => ({ inputs: [stacked(a)], outputs: [stacked(w, 1)] }),
  },
  flops: ([a]) => (4 * cubes(a)) / 3,
  // dA = V diag(gw) V^T
  vjp: ([g], [a]) => {
    const { vectors } = eigh(a);
    return [productTB(mul(vectors, expandDims(g, -2)), vectors)];
  },
  // dw = diag(V^T dA V)
  jvp: ([da], [a]) => {
    if (!da) return [null];
    const { vectors } = eigh(a);
    return [diagonal(productTA(vectors, matmul(symmetricPart(da), vectors)))];
  },
  example: { axis: batchAxis },
});

export interface Eigh {
  /** [..., n], ascending. */
  readonly values: Tensor;
  /** The vectors [..., n, n]; column k belongs to value k, has length 1, and its largest component is positive. */
  readonly vectors: Tensor;
}

/**
 * Eigenvalues and eigenvectors of symmetric matrices a [..., n, n], `a = V diag(w) V^T`, by divide and conquer. It is a
 * function of the symmetric part `(a + a^T) / 2`. Derivatives of the values are right for repeated values too; those of the
 * vectors exist only where values are distinct, and directions within the space of equal values count as zero.
 *
 * @throws ShapeError or DTypeError unless a holds square float matrices; reading it raises ERR_VALUE for NaN and infinities,
 *   ERR_NO_CONVERGENCE should the iteration fail.
 */
export function eigh(a: Tensor): Eigh {
  checkTensors('eigh', { a });
  const [values, vectors] = several(eighOp([a], {}));
  return { values, vectors };
}

/**
 * The eigenvalues [..., n] of symmetric matrices a [..., n, n] in ascending order, without the vectors: three to six times
 * faster than `eigh`. Errors and derivatives as there.
 */
export function eigvalsh(a: Tensor): Tensor {
  checkTensors('eigvalsh', { a });
  return single(eigvalshOp([a], {}));
}
