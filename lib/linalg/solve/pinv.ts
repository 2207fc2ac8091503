import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, mul, neg, sub, zeros } from '../../ops/elementwise/arithmetic';
import { abs } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { max } from '../../ops/reduce/reduce';
import { expandDims } from '../../ops/shape/reshape';
import { stopGradient } from '../../ops/shape/identity';
import { transpose } from '../../ops/shape/transpose';
import { eigh } from '../factor/eigh';
import { svd } from '../factor/svd';
import { batchAxis, checkMatrix, checkSquare, productTA, productTB } from '../matrices';
import { checkTolerance, inverseAbove, toleranceOf } from '../tolerance';

/** `X - A (P X)`: what the columns of A do not reach, P being the pseudo-inverse. */
const residual = (a: Tensor, p: Tensor, x: Tensor): Tensor => sub(x, matmul(a, matmul(p, x)));

/** Gives the pseudo-inverse, the first input, its derivatives with respect to the matrix, the second. */
const pinvOp = defineOp('pinv', {
  infer: ([p]) => ({ shape: p.shape, dtype: p.dtype }),
  lower: 'alias',
  flops: () => 0,
  // dA = -P^T G P^T + (1 - A P) G^T P P^T + P^T P G^T (1 - P A) (Golub and Pereyra 1973).
  vjp: ([g], [, a], [p]) => {
    const gt = transpose(g);
    const inner = neg(matmul(transpose(p), productTB(g, p)));
    const rows = productTB(matmul(residual(a, p, gt), p), p);
    const columns = matmul(productTA(p, p), transpose(residual(transpose(a), transpose(p), g)));
    return [null, add(inner, add(rows, columns))];
  },
  // dP = -P dA P + P P^T dA^T (1 - A P) + (1 - P A) dA^T P^T P
  jvp: ([, da], [, a], [p]) => {
    if (!da) return [null];
    const dat = transpose(da);
    const inner = neg(matmul(p, matmul(da, p)));
    const rows = matmul(productTB(p, p), transpose(residual(transpose(p), transpose(a), da)));
    const columns = matmul(residual(p, a, dat), productTA(p, p));
    return [add(inner, add(rows, columns))];
  },
  example: { axis: batchAxis },
});

export interface PinvOptions {
  /** Singular values of at most `rtol` times the largest count as 0. Default max(m, n) times the dtype's epsilon, as in NumPy. */
  readonly rtol?: number;
  /** Take the matrices for symmetric: faster, by `eigh`. Default false. */
  readonly hermitian?: boolean;
}

const PINV_OPTIONS: Kinds<PinvOptions> = { rtol: 'number', hermitian: 'boolean' };

/**
 * The Moore-Penrose pseudo-inverse [..., n, m] of matrices a [..., m, n], by the singular value decomposition. Its derivative
 * is right where the rank does not change.
 *
 * @throws ShapeError or DTypeError unless a holds float matrices; OptionError for a misspelled option or a negative `rtol`;
 *   reading it raises what `svd` raises.
 */
export function pinv(a: Tensor, options: PinvOptions = {}): Tensor {
  checkTensors('pinv', { a });
  checkKinds('pinv', options, PINV_OPTIONS);
  const { rtol = toleranceOf(a), hermitian = false } = options;
  checkTolerance('pinv', 'rtol', rtol);
  checkMatrix('pinv', a);
  if (a.size === 0)
    return zeros([...a.shape.slice(0, -2), extent(a.shape, -1), extent(a.shape, -2)], a.dtype);
  return single(pinvOp([(hermitian ? ofSymmetric : ofAny)(stopGradient(a), rtol), a], {}));
}

function ofAny(a: Tensor, rtol: number): Tensor {
  const { u, s, vh } = svd(a);
  const largest = max(s, { axis: -1, keepDims: true });
  const scaled = mul(expandDims(inverseAbove(s, mul(largest, rtol)), -1), transpose(u));
  return productTA(vh, scaled);
}

function ofSymmetric(a: Tensor, rtol: number): Tensor {
  checkSquare('pinv', a);
  const { values, vectors } = eigh(a);
  const largest = max(abs(values), { axis: -1, keepDims: true });
  const scaled = mul(vectors, expandDims(inverseAbove(values, mul(largest, rtol)), -2));
  return productTB(scaled, vectors);
}
