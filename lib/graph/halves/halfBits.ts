import type { HalfDType } from '../dtype';

// Conversions on the JavaScript side, where data come in and go out; programs have their own in native/core/half.h.

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of the float32 nearest to x. */
function bitsOf(x: number): number {
  float[0] = x;
  return bits[0] ?? 0;
}

function floatOf(u: number): number {
  bits[0] = u;
  return float[0] ?? 0;
}

/** The bits of the nearest bfloat16, halves to even; NaN stays NaN. */
function bfloat16Bits(x: number): number {
  const u = roundedToOdd(x);
  if ((u & 0x7fffffff) > 0x7f800000) return (u >>> 16) | 0x40;
  return ((u + 0x7fff + ((u >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The bits of the nearest float16, halves to even; NaN stays NaN, what is too large becomes infinite. */
function float16Bits(x: number): number {
  const u = roundedToOdd(x);
  const sign = (u >>> 16) & 0x8000;
  const magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    return sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // A subnormal is a multiple of 2^-24: adding 1/2 leaves the multiple in the last bits, rounded.
  return sign | (bitsOf(floatOf(magnitude) + 0.5) - 0x3f000000);
}

/** The bits of the float32 next to x, an odd one when x is not a float32: rounding it again gives what x itself would. */
function roundedToOdd(x: number): number {
  const u = bitsOf(x);
  const nearest = floatOf(u);
  if (nearest === x || Number.isNaN(x)) return u;
  return (u - (Math.abs(nearest) > Math.abs(x) ? 1 : 0)) | 1;
}

const bfloat16Value = (u: number): number => floatOf(u << 16);

/** The values of all float16 bit patterns, worked out when the first is asked for. */
let float16Values: Float32Array | undefined;
function float16Table(): Float32Array {
  return (float16Values ??= Float32Array.from({ length: 1 << 16 }, (_, u) => {
    const [exponent, mantissa] = [(u >> 10) & 31, u & 1023];
    const magnitude =
      exponent === 31
        ? mantissa > 0
          ? NaN
          : Infinity
        : exponent === 0
          ? mantissa * 2 ** -24
          : (1 + mantissa / 1024) * 2 ** (exponent - 15);
    return u & 0x8000 ? -magnitude : magnitude;
  }));
}

/** Numbers as the bits of 16-bit floats, each rounded once to the nearest, halves to even. */
export function toHalfBits(dtype: HalfDType, values: ArrayLike<number>): Uint16Array {
  const convert = dtype === 'bfloat16' ? bfloat16Bits : float16Bits;
  const result = new Uint16Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = convert(values[i] ?? 0);
  return result;
}

/** The numbers that the bits of 16-bit floats stand for. */
export function fromHalfBits(dtype: HalfDType, stored: Uint16Array): Float32Array {
  const result = new Float32Array(stored.length);
  if (dtype === 'bfloat16') {
    const words = new Uint32Array(result.buffer);
    for (let i = 0; i < words.length; i++) words[i] = (stored[i] ?? 0) << 16;
  } else {
    const table = float16Table();
    for (let i = 0; i < result.length; i++) result[i] = table[stored[i] ?? 0] ?? 0;
  }
  return result;
}

/** The number nearest to x that a 16-bit float holds. */
export function roundToHalf(dtype: HalfDType, x: number): number {
  return dtype === 'bfloat16' ? bfloat16Value(bfloat16Bits(x)) : (float16Table()[float16Bits(x)] ?? 0);
}
