import { NotDifferentiableError, OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, several } from '../../graph/op';
import { extent, sizeOf } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, sub } from '../../ops/elementwise/arithmetic';
import { matmul } from '../../ops/products/matmul';
import { concat } from '../../ops/shape/concat';
import { slice } from '../../ops/shape/slice';
import { transpose } from '../../ops/shape/transpose';
import { batchAxis, batchOf, checkMatrix, productTA, productTB, stacked } from '../matrices';
import { triangularSolve } from '../solve/triangularSolve';
import { tril } from '../../ops/shape/triangle';

interface Completeness {
  readonly complete: boolean;
}

/** `X R^-1` */
const timesInverse = (x: Tensor, r: Tensor): Tensor =>
  transpose(triangularSolve(r, transpose(x), { lower: false, transposed: true }));
/** `X R^-T` */
const timesInverseTransposed = (x: Tensor, r: Tensor): Tensor =>
  transpose(triangularSolve(r, transpose(x), { lower: false }));

function refuseComplete({ complete }: Completeness, a: Tensor): void {
  if (complete && extent(a.shape, -2) > extent(a.shape, -1)) {
    throw new NotDifferentiableError(
      "qr: with mode 'complete' the last columns of q are not determined; use 'reduced'",
    );
  }
}

/** For at least as many rows as columns; `qr` brings the others here. */
const qrOp = defineOp<Completeness>('qr', {
  infer: ([a], { complete }) => {
    checkMatrix('qr', a);
    const [m, n] = [extent(a.shape, -2), extent(a.shape, -1)];
    const p = complete ? m : Math.min(m, n);
    return [
      { shape: [...batchOf(a), m, p], dtype: a.dtype },
      { shape: [...batchOf(a), p, n], dtype: a.dtype },
    ];
  },
  lower: {
    kernel: 'qr',
    attributes: ({ complete }) => [Number(complete)],
    views: (_attributes, [a], [q, r]) => ({ inputs: [stacked(a)], outputs: [stacked(q), stacked(r)] }),
  },
  flops: ([a], [q]) => 4 * sizeOf(a.shape) * extent(q.shape, -1),
  // M = R gR^T - gQ^T Q: dA = (gQ + Q (its lower triangle, mirrored)) R^-T (Walter and Lehmann 2018).
  vjp: ([gq, gr], [a], [q, r], attributes) => {
    refuseComplete(attributes, a);
    const m = sub(productTB(r, gr), productTA(gq, q));
    const mirrored = add(tril(m), transpose(tril(m, { offset: -1 })));
    return [timesInverseTransposed(add(gq, matmul(q, mirrored)), r)];
  },
  // B = dA R^-1, M = Q^T B, O = its strictly lower triangle minus that transposed: dQ = B - Q M + Q O, dR = (M - O) R.
  jvp: ([da], [a], [q, r], attributes) => {
    if (!da) return [null, null];
    refuseComplete(attributes, a);
    const b = timesInverse(da, r);
    const m = productTA(q, b);
    const below = tril(m, { offset: -1 });
    const upper = sub(m, sub(below, transpose(below)));
    return [sub(b, matmul(q, upper)), matmul(upper, r)];
  },
  example: { axis: batchAxis },
});

export interface QrOptions {
  /** `reduced`: q has min(m, n) columns. `complete`: it has m. Default `reduced`. */
  readonly mode?: 'reduced' | 'complete';
}

const QR_OPTIONS: Kinds<QrOptions> = { mode: 'string' };

export interface Qr {
  /** [..., m, k] with orthonormal columns. */
  readonly q: Tensor;
  /** [..., k, n], upper triangular; its diagonal is not negative. */
  readonly r: Tensor;
}

/**
 * The QR decomposition `a = Q R` of matrices a [..., m, n] by Householder reflections. It is unique, and can be
 * differentiated, where the first min(m, n) columns of a are independent.
 *
 * @throws ShapeError or DTypeError unless a holds float matrices; OptionError for a misspelled option or another mode;
 *   reading it raises ERR_VALUE for NaN and infinities, its derivative ERR_SINGULAR for dependent columns.
 */
export function qr(a: Tensor, options: QrOptions = {}): Qr {
  checkTensors('qr', { a });
  checkKinds('qr', options, QR_OPTIONS);
  checkMatrix('qr', a);
  const { mode = 'reduced' } = options;
  if (!['reduced', 'complete'].includes(mode))
    throw new OptionError(`qr: mode 'reduced' or 'complete' expected, got '${mode}'`);
  const complete = mode === 'complete';
  const [m, n] = [extent(a.shape, -2), extent(a.shape, -1)];
  const isWide = m < n;
  const columns = (from: number, to: number): Tensor => {
    const lead = a.shape.slice(0, -1).map(() => undefined);
    return slice(a, { starts: [...lead, from], stops: [...lead, to] });
  };
  const [q, r] = several(qrOp([isWide ? columns(0, m) : a], { complete }));
  // The first m columns determine Q; the others are turned by it.
  return isWide ? { q, r: concat([r, productTA(q, columns(m, n))], { axis: -1 }) } : { q, r };
}
