import { checkTensors } from '../../graph/call';
import { defineOp, single } from '../../graph/op';
import type { Tensor } from '../../graph/tensor';
import { add, div, neg, sub } from '../../ops/elementwise/arithmetic';
import { checkFloats, checkSame } from '../../ops/floats';
import { matmul } from '../../ops/products/matmul';
import { stopGradient } from '../../ops/shape/identity';
import { expandDims } from '../../ops/shape/reshape';
import { eigh } from '../factor/eigh';
import { batchAxis, checkSquare, productTA, productTB, symmetricPart } from '../matrices';

/** Gives the solution Z of `X Z + Z X = G`, the first input, its derivatives with respect to X and G, the others. */
const lyapunovOp = defineOp('solveLyapunov', {
  infer: ([z]) => ({ shape: z.shape, dtype: z.dtype }),
  lower: 'alias',
  flops: () => 0,
  // H from X H + H X = dL/dZ: dG = H, dX = -(H Z^T + Z^T H).
  vjp: ([g], [, x], [z]) => {
    const h = solved(x, g);
    return [null, neg(symmetricPart(add(productTB(h, z), productTA(z, h)))), h];
  },
  // X dZ + dZ X = dG - dX Z - Z dX
  jvp: ([, dx, dg], [, x], [z]) => {
    const part = dx && symmetricPart(dx);
    const change = part && add(matmul(part, z), matmul(z, part));
    const right = change ? (dg ? sub(dg, change) : neg(change)) : dg;
    return [right && solved(x, right)];
  },
  example: { axis: batchAxis },
});

function solved(x: Tensor, g: Tensor): Tensor {
  const { values, vectors } = eigh(stopGradient(x));
  const inner = productTA(vectors, matmul(stopGradient(g), vectors));
  const sums = add(expandDims(values, -1), expandDims(values, -2));
  const z = productTB(matmul(vectors, div(inner, sums)), vectors);
  return single(lyapunovOp([z, x, g], {}));
}

/**
 * Z of Lyapunov's equation `A Z + Z A = Q` for symmetric positive definite matrices a [..., n, n] and any q of the same shape, by
 * `eigh`: division by the sums of eigenvalues, so repeated ones do no harm. It is a function of the symmetric part of a.
 *
 * @throws ShapeError or DTypeError unless a and q are square float matrices of one shape; reading it raises what `eigh` raises.
 */
export function solveLyapunov(a: Tensor, q: Tensor): Tensor {
  checkTensors('solveLyapunov', { a, q });
  checkSquare('solveLyapunov', a);
  checkFloats('solveLyapunov', a, q);
  checkSame('solveLyapunov', 'right sides', q, a.shape);
  return solved(a, q);
}
