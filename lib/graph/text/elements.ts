import { isFloat, type DType, type FloatDType } from '../dtype';
import { positional, scientific } from './digits';

/** Writes the elements of one tensor so that they stand beneath each other. */
export type Write = (element: number | bigint) => string;

/** From here on, and below the least, numbers get a power of ten; and when they are further apart than this. */
const LARGE = 1e8;
const SMALL = 1e-4;
const SPREAD = 1e3;

/** Writes elements as wide as the widest of those that are shown. */
export function writerOf(shown: readonly (number | bigint)[], dtype: DType, precision: number): Write {
  if (dtype === 'bool') return (element) => (Number(element) === 0 ? 'False' : ' True');
  if (!isFloat(dtype)) {
    const width = Math.max(0, ...shown.map((element) => String(element).length));
    return (element) => String(element).padStart(width);
  }
  const write = floatWriter(shown.map(Number), dtype, precision);
  return (element) => write(Number(element));
}

/** A tensor without axes is written as a number by itself. */
export function writeAlone(element: number | bigint, dtype: DType, precision: number): string {
  if (dtype === 'bool' || !isFloat(dtype)) return writerOf([element], dtype, precision)(element).trim();
  const x = Number(element);
  if (!Number.isFinite(x)) return notFinite(x);
  const magnitude = Math.abs(x);
  if (magnitude !== 0 && (magnitude < SMALL || magnitude >= 1e16)) {
    const { whole, fraction, exponent } = scientific(x, dtype, precision);
    return `${whole}${fraction === '' ? '' : `.${fraction}`}e${exponent}`;
  }
  const { whole, fraction } = positional(x, dtype, precision);
  return `${whole}.${fraction === '' ? '0' : fraction}`;
}

function floatWriter(shown: readonly number[], dtype: FloatDType, precision: number): (x: number) => string {
  const finite = shown.filter(Number.isFinite);
  const magnitudes = finite.map(Math.abs).filter((x) => x > 0);
  const [least, most] = [Math.min(...magnitudes), Math.max(...magnitudes)];
  const isWide = magnitudes.length > 0 && (most >= LARGE || least < SMALL || most / least > SPREAD);
  const { left, right, write } = (isWide ? scientificColumn : positionalColumn)(finite, dtype, precision);
  const others = shown.filter((x) => !Number.isFinite(x)).map((x) => notFinite(x).length);
  const width = Math.max(left + right, ...others);
  return (x) => (Number.isFinite(x) ? write(x) : notFinite(x)).padStart(width);
}

interface Column {
  /** Characters up to the point, and behind it with it. */
  readonly left: number;
  readonly right: number;
  readonly write: (x: number) => string;
}

function positionalColumn(finite: readonly number[], dtype: FloatDType, precision: number): Column {
  const parts = finite.map((x) => positional(x, dtype, precision));
  const places = longest(parts.map(({ fraction }) => fraction));
  return {
    left: longest(parts.map(({ whole }) => whole)),
    right: finite.length === 0 ? 0 : places + 1,
    write: (x) => {
      const { whole, fraction } = positional(x, dtype, precision);
      return `${whole}.${fraction.padEnd(places)}`;
    },
  };
}

function scientificColumn(finite: readonly number[], dtype: FloatDType, precision: number): Column {
  const parts = finite.map((x) => scientific(x, dtype, precision));
  const places = longest(parts.map(({ fraction }) => fraction));
  const digits = longest(parts.map(({ exponent }) => exponent)) - 1;
  return {
    left: longest(parts.map(({ whole }) => whole)),
    right: places + digits + 3,
    write: (x) => {
      const { whole, fraction, exponent } = scientific(x, dtype, precision, places);
      const power = `${exponent.slice(0, 1)}${exponent.slice(1).padStart(digits, '0')}`;
      return `${whole}.${fraction}e${power}`;
    },
  };
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
const notFinite = (x: number): string => (Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf');
