import { unexpected } from '../../errors';
import { checkOperands, checkTensors } from '../../graph/call';
import { checkDType, type DType, isFloat } from '../../graph/dtype';
import { movesData } from '../../graph/flops';
import { defineOp, single, type Op } from '../../graph/op';
import { checkShape, type Shape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { setWhole } from '../reduce/sum';
import {
  applyElementwise,
  defineElementwise,
  operands,
  setAddition,
  setConversion,
  type Operand,
} from './define';

const NONE = {};

const fullOp = defineOp<{ value: number; shape: Shape; dtype: DType }>('full', {
  infer: (_inputs, { shape, dtype }) => ({ shape, dtype }),
  lower: { elementwise: 'full', immediate: ({ value }) => value },
  flops: movesData,
  constant: true,
});

/** A tensor with one value everywhere. float32 unless told otherwise. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  checkShape('full', shape);
  checkDType('full', dtype);
  if (typeof value !== 'number') throw unexpected('full', 'a number', value);
  return single(fullOp([], { value, shape: [...shape], dtype }));
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 0, dtype);
/** A tensor of ones. */
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 1, dtype);
/** Zeros of the shape and dtype of another tensor. */
export function zerosLike(x: Tensor): Tensor {
  checkTensors('zerosLike', { x });
  return zeros(x.shape, x.dtype);
}
/** Ones of the shape and dtype of another tensor. */
export function onesLike(x: Tensor): Tensor {
  checkTensors('onesLike', { x });
  return ones(x.shape, x.dtype);
}

const scalar = (value: number, dtype: DType): Tensor => full([], value, dtype);

/** Tensors and numbers as tensors; a number gives way to the dtype of its partners. */
export const asTensors = (where: string, ...items: readonly Operand[]): Tensor[] =>
  operands(where, scalar, ...items);

/** Applies an op to tensors and numbers alike. */
export const binary =
  (op: Op): ((a: Operand, b: Operand) => Tensor) =>
  (a, b) =>
    applyElementwise(op, operands(op.name, scalar, a, b), NONE);

export const unary =
  (op: Op): ((x: Tensor) => Tensor) =>
  (x) =>
    applyElementwise(op, [x], NONE);

/** `a + b`, broadcasting. */
export const add = binary(
  defineElementwise('add', {
    takes: 'arithmetic',
    partials: [(g) => g, (g) => g], // d(a + b) = da + db
  }),
);
setAddition(add);

/** `-x`. */
export const neg = unary(
  defineElementwise('neg', {
    takes: 'number',
    partials: [(g) => neg(g)],
  }),
);

/** `a - b`, broadcasting. */
export const sub = binary(
  defineElementwise('sub', {
    takes: 'arithmetic',
    partials: [(g) => g, (g) => neg(g)], // d(a - b) = da - db
  }),
);

/** `a * b`, broadcasting. */
export const mul = binary(
  defineElementwise('mul', {
    takes: 'arithmetic',
    partials: [(g, [, b]) => mul(g, b), (g, [a]) => mul(g, a)], // d(ab) = b da + a db
  }),
);

/** `a / b`, broadcasting; by the rules of floating point, so `1 / 0` is infinite. Integers are divided as float32. */
export const div = binary(
  defineElementwise('div', {
    partials: [
      (g, [, b]) => div(g, b), // d(a/b)/da = 1/b
      (g, [, b], y) => neg(div(mul(g, y), b)), // d(a/b)/db = -(a/b)/b
    ],
  }),
);

/** `x * x`. */
export const square = unary(
  defineElementwise('square', {
    takes: 'arithmetic',
    partials: [(g, [x]) => mul(g, mul(x, 2))], // d(x^2) = 2x dx
  }),
);

/** The larger of two numbers, broadcasting; NaN where either is. Where they are equal the first gets the gradient. */
export const maximum = binary(
  defineElementwise('maximum', {
    takes: 'arithmetic',
    partials: [
      (g, [a, b]) => mul(g, cast(greaterEqual(a, b), g.dtype)),
      (g, [a, b]) => mul(g, cast(less(a, b), g.dtype)),
    ],
  }),
);

/** The smaller of two numbers, broadcasting; NaN where either is. Where they are equal the first gets the gradient. */
export const minimum = binary(
  defineElementwise('minimum', {
    takes: 'arithmetic',
    partials: [
      (g, [a, b]) => mul(g, cast(lessEqual(a, b), g.dtype)),
      (g, [a, b]) => mul(g, cast(greater(a, b), g.dtype)),
    ],
  }),
);

/** Natural logarithm. */
export const log = unary(
  defineElementwise('log', {
    partials: [(g, [x]) => div(g, x)], // d ln x = dx / x
  }),
);

const comparison = (name: string): ((a: Operand, b: Operand) => Tensor) =>
  binary(defineElementwise(name, { takes: 'any', gives: () => 'bool' }));

/** `a > b` as bool. */
export const greater = comparison('greater');
/** `a >= b` as bool. */
export const greaterEqual = comparison('greaterEqual');
/** `a < b` as bool. */
export const less = comparison('less');
/** `a <= b` as bool. */
export const lessEqual = comparison('lessEqual');
/** `a == b` as bool. */
export const equal = comparison('equal');
/** `a != b` as bool. */
export const notEqual = comparison('notEqual');

const castOp = defineElementwise<{ dtype: DType }>('cast', {
  takes: 'any',
  gives: (_dtypes, { dtype }) => dtype,
  partials: [(g, [x]) => cast(g, x.dtype)],
});

/**
 * The values as another dtype: towards zero and saturating from floats to integers, NaN to 0; saturating between integers;
 * to the nearest, halves to even, between floats.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensors('cast', { x });
  checkDType('cast', dtype);
  return x.dtype === dtype ? x : applyElementwise(castOp, [x], { dtype });
}
setWhole((x) => cast(x, 'int32'));
setConversion(cast);

// Where b is 0 and where a is 0, the plain rules would be products of 0 with something infinite. The masks enter before
// that, so that derivatives of every order are finite where they exist.

/** `b - 1`, but 0 where b is 0: the factor b is 0 there. */
const lowered = (b: Tensor): Tensor => mul(sub(b, 1), cast(notEqual(b, 0), b.dtype));

/** `a`, but 1 where a is 0: its logarithm is 0 there. */
const awayFromZero = (a: Tensor): Tensor => add(a, cast(equal(a, 0), a.dtype));

const power = binary(
  defineElementwise('pow', {
    inFloats: false,
    partials: [
      (g, [a, b]) => mul(g, mul(b, power(a, lowered(b)))), // d(a^b)/da = b a^(b-1)
      (g, [a], y) => mul(g, mul(y, log(awayFromZero(a)))), // d(a^b)/db = a^b ln a
    ],
  }),
);

/**
 * `a` to the power `b`, broadcasting; `0^0 = 1`, NaN for a negative base unless the exponent is whole.
 * Derivatives of powers of zero are right: `pow(x, 2)` has slope 0 and curvature 2 there, `pow(x, 0)` is constant. The
 * derivative with respect to the exponent is `a^b ln a`, and 0 at `a = 0` for `b >= 0`.
 * Integers to the power of a whole number of 0 or more stay integers and wrap around, as products do.
 *
 * @throws DTypeError for integers to the power of a tensor of integers, or of a number below 0: cast one of them.
 */
export function pow(a: Operand, b: Operand): Tensor {
  checkOperands('pow', [a, b]);
  // Exactly what the general power gives, at the price of a product.
  if (b === 2 && typeof a !== 'number' && isFloat(a.dtype)) return square(a);
  if (typeof a !== 'number' && typeof b === 'number' && !isFloat(a.dtype) && Number.isInteger(b) && b >= 0)
    return wholePower(a.dtype === 'bool' ? cast(a, 'int32') : a, b);
  return power(a, b);
}

/** Products of squares, by the digits of the exponent: exact modulo the range of the dtype. */
function wholePower(a: Tensor, exponent: number): Tensor {
  let result = onesLike(a);
  let squared = a;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = mul(result, squared);
    if (rest > 1) squared = mul(squared, squared);
  }
  return result;
}
