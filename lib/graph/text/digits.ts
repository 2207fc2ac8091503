import { isHalf, type FloatDType } from '../dtype';
import { roundToHalf } from '../halves/halfBits';

/** The most digits that tell two numbers of a dtype apart. */
const MOST_DIGITS: Record<FloatDType, number> = { float32: 9, float64: 17, bfloat16: 4, float16: 5 };

/** How many significant digits it takes until a decimal number is nearer to x than to any other number of its dtype. */
export function significantDigits(x: number, dtype: FloatDType): number {
  const rounded = (value: number): number =>
    isHalf(dtype) ? roundToHalf(dtype, value) : dtype === 'float32' ? Math.fround(value) : value;
  for (let digits = 1; digits < MOST_DIGITS[dtype]; digits++) {
    if (rounded(Number(x.toPrecision(digits))) === x) return digits;
  }
  return MOST_DIGITS[dtype];
}

/** A finite number in decimals: as few as tell it apart from its neighbours, at most `precision` behind the point. */
export function positional(
  x: number,
  dtype: FloatDType,
  precision: number,
): { whole: string; fraction: string } {
  const digits = x === 0 ? 1 : significantDigits(x, dtype);
  const exponent = x === 0 ? 0 : Number(x.toExponential(digits - 1).split('e')[1]);
  const places = Math.min(precision, Math.max(0, digits - 1 - exponent));
  const magnitude = Math.abs(x) < 1e21 ? Math.abs(x).toFixed(places) : BigInt(Math.abs(x)).toString();
  const [whole = '', fraction = ''] = magnitude.split('.');
  return { whole: signOf(x) + whole, fraction: fraction.replace(/0+$/, '') };
}

/** The same with a power of ten: one digit in front of the point, and at least so many behind it. */
export function scientific(
  x: number,
  dtype: FloatDType,
  precision: number,
  least = 0,
): { whole: string; fraction: string; exponent: string } {
  const own = x === 0 ? 0 : Math.min(precision, significantDigits(x, dtype) - 1);
  const places = Math.max(own, least);
  const [mantissa = '', power = ''] = Math.abs(x).toExponential(places).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = (power[0] ?? '+') + power.slice(1).padStart(2, '0');
  return {
    whole: signOf(x) + whole,
    fraction: fraction.slice(0, least) + fraction.slice(least).replace(/0+$/, ''),
    exponent,
  };
}

const signOf = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');
