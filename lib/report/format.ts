import type { Plain, PlainObject } from './result';

/** Keeps a number and its unit on one line. */
const THIN_SPACE = '\u{202F}';
const MISSING = '–';

/** `0.9871` as `98.7 %`. Never rounded up to 100 or down to 0: those two mean all and none. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return MISSING;
  const rounded = (share * 100).toFixed(1);
  if (rounded === '100.0' && share < 1) return `99.9${THIN_SPACE}%`;
  if (rounded === '0.0' && share > 0) return `<${THIN_SPACE}0.1${THIN_SPACE}%`;
  return `${rounded}${THIN_SPACE}%`;
}

/** With as many digits as matter, in milliseconds below a tenth of a second. */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  if (value === 0) return MISSING;
  if (value < 0.1) return `${significant(value * 1000, 2)}${THIN_SPACE}ms`;
  return `${value.toFixed(value < 10 ? 2 : 1)}${THIN_SPACE}s`;
}

/** A whole number with thousands set apart. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  return Math.round(value).toLocaleString('en-US');
}

/** A few significant digits without trailing zeros or an exponent where people would not write one. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return MISSING;
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)) {
    const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
    return `${Number(mantissa)} × 10${superscript(Number(exponent))}`;
  }
  return Number(value.toPrecision(digits)).toString();
}

/** `10^n` as people write it: 0.01, 1, 1000, and from five digits on 10⁴. */
export function powerOfTen(exponent: number): string {
  return exponent >= -2 && exponent <= 3
    ? (10 ** exponent).toFixed(Math.max(0, -exponent))
    : `10${superscript(exponent)}`;
}

/** A whole number in raised digits. */
export function superscript(exponent: number): string {
  return String(exponent).replace(/[-0-9]/g, (digit) => RAISED['-0123456789'.indexOf(digit)] ?? digit);
}

const RAISED = '⁻⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Options as one line of text: `alpha 10, lambda 1, fisher {mode example}`. */
export function optionText(options: PlainObject): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${plainText(value)}`)
    .join(', ');
}

function plainText(value: Plain): string {
  if (typeof value === 'number') return significant(value, 6);
  if (value === null || typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(plainText).join(', ')}]`;
  return `{${optionText(value)}}`;
}

const isList = (value: readonly Plain[] | PlainObject): value is readonly Plain[] => Array.isArray(value);
