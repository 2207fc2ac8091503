import { checkTensors } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { add, binary, div, greater, log, maximum, minimum, mul, neg, square, sub, unary } from './arithmetic';
import { defineElementwise } from './define';
import { abs, log1p, rsqrt, sign, sqrt, where } from './math';

/** Tangent of an angle in radians. */
export const tan = unary(
  defineElementwise('tan', { partials: [(g, _inputs, y) => mul(g, add(square(y), 1))] }), // 1 + tan^2
);

/** `(1 - x)(1 + x)`, which keeps its digits near 1 and -1. */
const oneLessSquare = (x: Tensor): Tensor => mul(sub(1, x), add(x, 1));

/** Arc sine, in [-pi/2, pi/2]; NaN outside [-1, 1]. */
export const asin = unary(
  defineElementwise('asin', { partials: [(g, [x]) => mul(g, rsqrt(oneLessSquare(x)))] }), // 1 / sqrt(1 - x^2)
);

/** Arc cosine, in [0, pi]; NaN outside [-1, 1]. */
export const acos = unary(
  defineElementwise('acos', { partials: [(g, [x]) => neg(mul(g, rsqrt(oneLessSquare(x))))] }), // -1 / sqrt(1 - x^2)
);

/** Arc tangent, in [-pi/2, pi/2]. */
export const atan = unary(
  defineElementwise('atan', { partials: [(g, [x]) => div(g, add(square(x), 1))] }), // 1 / (1 + x^2)
);

/** The angle of the point (x, y) in [-pi, pi], broadcasting: `atan(y / x)` in the right quadrant. */
export const atan2 = binary(
  defineElementwise('atan2', {
    partials: [
      (g, [y, x]) => mul(g, div(x, add(square(x), square(y)))), // x / (x^2 + y^2)
      (g, [y, x]) => neg(mul(g, div(y, add(square(x), square(y))))), // -y / (x^2 + y^2)
    ],
  }),
);

/** Hyperbolic sine. */
export const sinh = unary(defineElementwise('sinh', { partials: [(g, [x]) => mul(g, cosh(x))] }));

/** Hyperbolic cosine. */
export const cosh: (x: Tensor) => Tensor = unary(
  defineElementwise('cosh', { partials: [(g, [x]) => mul(g, sinh(x))] }),
);

/** From here on `asinh` and `acosh` are `log(2x)` to all digits, and squares are not far from overflow in float32. */
const LARGE = 1e8;

/** `log(2x)` for large x, else what is given. */
const largeOr = (x: Tensor, small: Tensor): Tensor =>
  where(greater(x, LARGE), add(log(maximum(x, LARGE)), Math.LN2), small);

/** The inverse of `sinh`: with `a = |x|`, `log(1 + (a + a^2 / (1 + sqrt(1 + a^2))))` with the sign of x. */
export function asinh(x: Tensor): Tensor {
  checkTensors('asinh', { x });
  const magnitude = abs(x);
  const a = minimum(magnitude, LARGE);
  const bend = div(square(a), add(sqrt(add(square(a), 1)), 1));
  return mul(sign(x), largeOr(magnitude, log1p(add(a, bend))));
}

/** The inverse of `cosh` for x >= 1, NaN below: `log(1 + (t + sqrt(t (t + 2))))` with `t = x - 1`. */
export function acosh(x: Tensor): Tensor {
  checkTensors('acosh', { x });
  const t = sub(minimum(x, LARGE), 1);
  return largeOr(x, log1p(add(t, sqrt(mul(t, add(t, 2))))));
}

/** The inverse of `tanh`: `(log(1 + x) - log(1 - x)) / 2`; infinite at -1 and 1, NaN beyond. */
export function atanh(x: Tensor): Tensor {
  checkTensors('atanh', { x });
  return mul(sub(log1p(x), log1p(neg(x))), 0.5);
}
