import type { Tensor } from '../../graph/tensor';
import { binary, div, mul, neg } from './arithmetic';
import { defineElementwise, type Operand } from './define';
import { trunc } from './math';

/**
 * `floor(a / b)`, broadcasting, for floats and integers; a constant for derivatives. By zero, floats give what `a / b` is, and
 * integers give 0.
 */
export const floorDiv: (a: Operand, b: Operand) => Tensor = binary(
  defineElementwise('floorDiv', { takes: 'arithmetic' }),
);

/**
 * What is left of `a` after whole multiples of `b`, with the sign of `b`, broadcasting: `a - b floor(a / b)`, exactly, as `%` in
 * Python. By zero, floats give NaN and integers 0.
 */
export const remainder: (a: Operand, b: Operand) => Tensor = binary(
  defineElementwise('remainder', {
    takes: 'arithmetic',
    partials: [(g) => g, (g, [a, b]) => neg(mul(g, floorDiv(a, b)))], // d(a - b q) = da - q db
  }),
);

/** As `remainder`, but with the sign of `a`: `a - b trunc(a / b)`, exactly, as `%` in C and JavaScript. */
export const fmod: (a: Operand, b: Operand) => Tensor = binary(
  defineElementwise('fmod', {
    takes: 'arithmetic',
    partials: [(g) => g, (g, [a, b]) => neg(mul(g, trunc(div(a, b))))], // d(a - b q) = da - q db
  }),
);
