import type { Tensor } from '../../graph/tensor';
import { add, div, mul, neg, square, sub } from '../../ops/elementwise/arithmetic';
import { sum } from '../../ops/reduce/sum';

/** A step [n], and how much the gradient changed on it. */
export interface Pair {
  readonly step: Tensor;
  readonly change: Tensor;
}

export const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));

/**
 * `-H g` for the inverse Hessian H that BFGS makes from the pairs, the oldest first, when it starts from
 * `(s^T y / y^T y) I` of the newest; from I without pairs (Nocedal 1980, the two loops).
 */
export function direction(gradient: Tensor, pairs: readonly Pair[]): Tensor {
  const newest = pairs.at(-1);
  if (!newest) return neg(gradient);
  const scaled = pairs.map(({ step, change }) => ({ step, change, inverse: div(1, dot(step, change)) }));
  let q = gradient;
  const shares = new Map<(typeof scaled)[number], Tensor>();
  for (const pair of [...scaled].reverse()) {
    const share = mul(pair.inverse, dot(pair.step, q));
    shares.set(pair, share);
    q = sub(q, mul(share, pair.change));
  }
  let r = mul(q, div(dot(newest.step, newest.change), sum(square(newest.change))));
  for (const [pair, share] of [...shares].reverse()) {
    const back = mul(pair.inverse, dot(pair.change, r));
    r = add(r, mul(sub(share, back), pair.step));
  }
  return neg(r);
}
