import { checkKinds } from '../../graph/call';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { add, div, lessEqual, maximum, mul, square, sub } from '../../ops/elementwise/arithmetic';
import { abs, sqrt, where } from '../../ops/elementwise/math';
import { matmul } from '../../ops/products/matmul';
import { max } from '../../ops/reduce/reduce';
import { sum } from '../../ops/reduce/sum';
import { diag, diagonal } from '../../ops/shape/diagonal';
import { eye } from '../../ops/shape/triangle';
import { normal } from '../../random/draw';
import { qr } from '../factor/qr';
import { productTA } from '../matrices';
import { triangularSolve } from '../solve/triangularSolve';
import { epsilonOf } from '../tolerance';
import type { Linear } from './operator';
import { estimateOf, prepare, TRACE_OPTIONS, type TraceEstimate, type TraceOptions } from './traces';

/** The products of columns at the same place: `sum_j a[j, i] b[j, i]`. */
const dots = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), { axis: 0 });

/**
 * Column i is the unit vector that is orthogonal to all columns of r but the i-th, which is that of `R^-T`. Pivots that
 * rounding has made zero count as small: what they belong to is nothing, and it does not matter where it is left out.
 */
function leftOut(r: Tensor): Tensor {
  const pivots = diagonal(r);
  const least = maximum(mul(max(abs(pivots)), epsilonOf(r)), 1e-30);
  const regular = add(r, diag(where(lessEqual(abs(pivots), least), least, 0)));
  const columns = triangularSolve(regular, eye(extent(r.shape, -1), { dtype: r.dtype }), {
    lower: false,
    transposed: true,
  });
  return div(columns, sqrt(sum(square(columns), { axis: 0, keepDims: true })));
}

/**
 * An unbiased estimate of the trace of an operator that makes the most of every product (Epperly, Tropp and Webber 2024,
 * XTrace). Half the products, with random vectors, find a range Q; for each of these vectors the trace is taken exactly in the
 * range of the others, and the rest estimated with it; the mean of them counts. All of that needs the other half of the
 * products, with Q, alone. Much closer than `hutchPlusPlus` where the eigenvalues fall quickly, and as good elsewhere. Options
 * and errors as for `hutchinsonTrace`, with two samples at the least.
 */
export function xTrace(a: Linear, options: TraceOptions): TraceEstimate {
  checkKinds('xTrace', options, TRACE_OPTIONS);
  const { operator, n, samples, dtype } = prepare('xTrace', a, options, 2);
  const count = Math.min(n, Math.floor(samples / 2));
  const omega = normal(options.key, [n, count], { dtype });
  const { q, r } = qr(operator.matvec(omega));
  const z = operator.matvec(q);
  const [h, w, t] = [productTA(q, z), productTA(q, omega), productTA(z, omega)];
  const s = leftOut(r);
  const hw = matmul(h, w);
  const [sw, shs] = [dots(s, w), dots(s, matmul(h, s))];
  // e^T A e for e = omega - Q (1 - s s^T) Q^T omega, with A omega = Q R.
  const rest = add(
    sub(dots(w, hw), dots(t, w)),
    mul(sw, add(dots(s, sub(r, hw)), add(dots(s, sub(t, productTA(h, w))), mul(sw, shs)))),
  );
  // e points evenly in all directions that are left: scaled to its expected length it has no other spread.
  const squaredLength = add(sub(dots(omega, omega), dots(w, w)), square(sw));
  const scaled = mul(rest, div(n - count + 1, squaredLength));
  return estimateOf(add(sub(sum(diagonal(h)), shs), scaled));
}
