import { checkTensors } from '../../graph/call';
import { defineElementwise, applyElementwise, type Operand } from './define';
import {
  add,
  asTensors,
  cast,
  div,
  greater,
  log,
  mul,
  neg,
  notEqual,
  square,
  sub,
  unary,
} from './arithmetic';
import type { Tensor } from '../../graph/tensor';

/** `e^x`. */
export const exp = unary(defineElementwise('exp', { partials: [(g, _inputs, y) => mul(g, y)] })); // d e^x = e^x dx

/** `2^x`. */
export const exp2 = unary(
  defineElementwise('exp2', { partials: [(g, _inputs, y) => mul(g, mul(y, Math.LN2))] }), // d 2^x = 2^x ln 2 dx
);

/** `e^x - 1`, exact near zero. */
export const expm1 = unary(defineElementwise('expm1', { partials: [(g, _inputs, y) => mul(g, add(y, 1))] }));

/** `ln(1 + x)`, exact near zero. */
export const log1p = unary(defineElementwise('log1p', { partials: [(g, [x]) => div(g, add(x, 1))] }));

/** Logarithm to base 2. */
export const log2 = unary(
  defineElementwise('log2', { partials: [(g, [x]) => div(g, mul(x, Math.LN2))] }), // dx / (x ln 2)
);

/** Logarithm to base 10. */
export function log10(x: Tensor): Tensor {
  checkTensors('log10', { x });
  return mul(log(x), Math.LOG10E);
}

/** Square root. */
export const sqrt = unary(
  defineElementwise('sqrt', { partials: [(g, _inputs, y) => div(g, mul(y, 2))] }), // d sqrt(x) = dx / (2 sqrt(x))
);

/** Cube root, also of negative numbers. */
export const cbrt = unary(
  defineElementwise('cbrt', { partials: [(g, _inputs, y) => div(g, mul(square(y), 3))] }), // dx / (3 y^2)
);

/** `1 / sqrt(x)`. */
export const rsqrt = unary(
  defineElementwise('rsqrt', { partials: [(g, [x], y) => div(mul(mul(g, y), -0.5), x)] }), // -1/2 x^(-3/2)
);

/** `1 / x`. */
export const reciprocal = unary(
  defineElementwise('reciprocal', { partials: [(g, _inputs, y) => neg(mul(g, square(y)))] }), // -1/x^2
);

/** Hyperbolic tangent. */
export const tanh = unary(
  defineElementwise('tanh', { partials: [(g, _inputs, y) => mul(g, sub(1, square(y)))] }), // 1 - tanh^2
);

/** `1 / (1 + e^-x)`. */
export const sigmoid = unary(
  defineElementwise('sigmoid', { partials: [(g, _inputs, y) => mul(g, mul(y, sub(1, y)))] }), // s (1 - s)
);

/** The error function, `2/sqrt(pi) * integral of e^(-t^2) from 0 to x`. */
export const erf = unary(
  defineElementwise('erf', {
    partials: [(g, [x]) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
  }),
);

/** `1 - erf(x)`, with all digits where erf is close to 1. */
export const erfc = unary(
  defineElementwise('erfc', {
    partials: [(g, [x]) => mul(g, mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI)))],
  }),
);

/** The inverse of `erf`: infinite at -1 and 1, NaN beyond. */
export const erfinv: (x: Tensor) => Tensor = unary(
  defineElementwise('erfinv', {
    partials: [(g, _inputs, y) => mul(g, mul(exp(square(y)), Math.sqrt(Math.PI) / 2))], // 1 / erf'(y)
  }),
);

/** Sine of an angle in radians. */
export const sin = unary(defineElementwise('sin', { partials: [(g, [x]) => mul(g, cos(x))] }));

/** Cosine of an angle in radians. */
export const cos: (x: Tensor) => Tensor = unary(
  defineElementwise('cos', { partials: [(g, [x]) => neg(mul(g, sin(x)))] }),
);

/** Absolute value; its gradient at 0 is 0. */
export const abs = unary(
  defineElementwise('abs', { takes: 'arithmetic', partials: [(g, [x]) => mul(g, sign(x))] }),
);

/** `max(x, 0)`; its gradient at 0 is 0. */
export const relu = unary(
  defineElementwise('relu', { partials: [(g, [x]) => mul(g, cast(greater(x, 0), g.dtype))] }), // [x > 0]
);

/** -1, 0 or 1. */
export const sign = unary(defineElementwise('sign', { takes: 'arithmetic' }));
/** The largest integer that is not larger. */
export const floor = unary(defineElementwise('floor', {}));
/** The smallest integer that is not smaller. */
export const ceil = unary(defineElementwise('ceil', {}));
/** The nearest integer; halves go to the even one. */
export const round = unary(defineElementwise('round', {}));
/** The integer part: towards zero. */
export const trunc = unary(defineElementwise('trunc', {}));
/** NaN, as bool. */
export const isNaN = unary(defineElementwise('isNaN', { gives: () => 'bool' }));
/** Infinite, of either sign, as bool. */
export const isInf = unary(defineElementwise('isInf', { gives: () => 'bool' }));
/** Neither infinite nor NaN, as bool. */
export const isFinite = unary(defineElementwise('isFinite', { gives: () => 'bool' }));

const logicalAndOp = defineElementwise('logicalAnd', { takes: 'bool' });
const logicalOrOp = defineElementwise('logicalOr', { takes: 'bool' });
const logicalXorOp = defineElementwise('logicalXor', { takes: 'bool' });

/** Both, for bool tensors. */
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => applyElementwise(logicalAndOp, [a, b], {});
/** Either, for bool tensors. */
export const logicalOr = (a: Tensor, b: Tensor): Tensor => applyElementwise(logicalOrOp, [a, b], {});
/** One of both and not the other, for bool tensors. */
export const logicalXor = (a: Tensor, b: Tensor): Tensor => applyElementwise(logicalXorOp, [a, b], {});
/** The opposite, for bool tensors. */
export const logicalNot = unary(defineElementwise('logicalNot', { takes: 'bool' }));

const whereOp = defineElementwise('where', {
  takes: 'any',
  free: 1,
  partials: [
    null,
    (g, [condition]) => mul(g, cast(condition, g.dtype)), // the gradient goes where the value came from
    (g, [condition]) => mul(g, cast(logicalNot(condition), g.dtype)),
  ],
});

/**
 * `a` where the condition holds and `b` elsewhere, broadcasting; a number takes the dtype of the other.
 * The gradient is a product with 0 or 1: a side that is infinite or NaN where it is not taken stays out of the value, but
 * mask its input as well when its derivative is not finite there.
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  checkTensors('where', { condition });
  return applyElementwise(
    whereOp,
    [condition.dtype === 'bool' ? condition : notEqual(condition, 0), ...asTensors('where', a, b)],
    {},
  );
}

export { log };
