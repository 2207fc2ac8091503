#pragma once

// Single-precision exp, log and their relatives, written without branches so that the compiler vectorises the
// loops that call them. Included by one file per instruction set: everything here has internal linkage, and
// nothing here calls an inline function of the standard library, because a copy of it made of newer
// instructions must not end up in the common code.
//
// The polynomials are minimax fits (Remez exchange, coefficients then rounded to single precision).
// Largest errors in units of the last place, found by comparing every float with double precision, with and
// without fused multiply-add: exp 1.0, expm1 1.5, log 0.9, log1p 1.4, tanh 2.5, sigmoid 2.5, erf 1.4.

#include <cstdint>

#include "kernels/vector_loops.h"

namespace palimpsest {
namespace {
namespace single {

constexpr float kInfinity = __builtin_inff();
constexpr float kNaN = __builtin_nanf("");

inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
inline float from_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
inline float magnitude(float x) { return __builtin_fabsf(x); }

// a * b + c, rounded once where the processor can.
inline float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

// Horner's rule, lowest coefficient first.
inline float polynomial(float, float c) { return c; }
template <typename... Rest>
inline float polynomial(float x, float c, Rest... rest) {
  return fma(polynomial(x, rest...), x, c);
}

// 2^n for n in [-126, 127].
inline float power_of_two(std::int32_t n) { return from_bits(static_cast<std::uint32_t>(n + 127) << 23); }

// ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact.
constexpr float kLn2High = 0x1.63p-1f;
constexpr float kLn2Low = -0x1.bd0106p-13f;

// x = n ln 2 + r with |r| <= ln 2 / 2, and e^r - 1 = r + r^2 q(r) with relative error 2^-34.
// x must be within +-2^20 or NaN.
struct ReducedExp {
  std::int32_t n;
  float r, q, tail;  // e^r = 1 + r + tail

  explicit ReducedExp(float x) {
    constexpr float kShift = 0x1.8p23f;  // adding it rounds to an integer that can be read from the low bits
    const float shifted = fma(x, 0x1.715476p0f, kShift);
    const float whole = shifted - kShift;
    n = static_cast<std::int32_t>(bits_of(shifted) - bits_of(kShift));
    r = fma(whole, -kLn2Low, fma(whole, -kLn2High, x));
    q = polynomial(r, 0.5f, 0x1.555554p-3f, 0x1.55548cp-5f, 0x1.11127p-7f, 0x1.6d8ddcp-10f, 0x1.9f0d14p-13f);
    tail = r * r * q;
  }
};

// e^x. Beyond the clamps the result is infinity or zero anyway. With 2^n in two factors, subnormal results
// are reached too.
inline float exp(float x) {
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  const ReducedExp e(x);
  const std::int32_t half = e.n >> 1;
  return (1.0f + (e.r + e.tail)) * power_of_two(half) * power_of_two(e.n - half);
}

// e^x for x in [-87, 88], where 2^n is a normal number.
inline float exp_inside(float x) {
  const ReducedExp e(x);
  return (1.0f + fma(e.r * e.r, e.q, e.r)) * power_of_two(e.n);
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), halved so that 2^128 does not occur.
// Below the lower clamp the result rounds to -1.
inline float expm1(float x) {
  x = x > 89.0f ? 89.0f : x;
  x = x < -17.5f ? -17.5f : x;
  const ReducedExp e(x);
  const float scale = power_of_two(e.n - 1);
  return 2.0f * fma(scale, e.r + e.tail, scale - 0.5f);
}

// x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive normal x.
struct SplitFloat {
  std::int32_t e;
  float m;

  explicit SplitFloat(float x) {
    constexpr std::uint32_t kSqrtHalf = 0x3f3504f3;
    const std::uint32_t offset = bits_of(x) - kSqrtHalf;
    e = static_cast<std::int32_t>(offset) >> 23;
    m = from_bits((offset & 0x007fffff) + kSqrtHalf);
  }
};

// e ln 2 + log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)): f - f^2 / 2 + f^3 p(f), relative error 2^-30.
inline float log_from(float e, float f) {
  const float p =
      polynomial(f, 0x1.555544p-2f, -0x1.ffffdcp-3f, 0x1.99a6ecp-3f, -0x1.5568dap-3f, 0x1.231438p-3f,
                 -0x1.fa2e58p-4f, 0x1.e70460p-4f, -0x1.ea462ep-4f, 0x1.230904p-4f);
  const float square = f * f;
  const float tail = fma(e, kLn2Low, square * f * p);
  return fma(e, kLn2High, f + fma(square, -0.5f, tail));
}

// log x for x > 0 given y, which is right for finite x; and the values at and beyond the ends of the domain.
// All comparisons come first: a comparison that only some elements make would be a branch.
inline float log_ends(float x, float from_zero, float y) {
  const bool is_positive = from_zero > 0.0f, is_zero = from_zero == 0.0f, is_finite = x < kInfinity;
  const float inside = is_finite ? y : x;
  const float outside = is_zero ? -kInfinity : kNaN;
  return is_positive ? inside : outside;
}

inline float log(float x) {
  const bool is_subnormal = x < 0x1p-126f;
  const SplitFloat s(is_subnormal ? x * 0x1p23f : x);
  const float y = log_from(static_cast<float>(s.e) - (is_subnormal ? 23.0f : 0.0f), s.m - 1.0f);
  return log_ends(x, x, y);
}

// log(1 + x): as log(u) with u = 1 + x rounded; what the rounding lost is put back into f, scaled like u.
inline float log1p(float x) {
  const float u = 1.0f + x;
  const float lost_of_one = 1.0f - (u - x), lost_of_x = x - (u - 1.0f);
  const float lost = x >= 1.0f ? lost_of_one : lost_of_x;
  const SplitFloat s(u);
  // 2 * 2^-e, because e may be 128 and 2^-128 has no such bits.
  const float twice = from_bits(static_cast<std::uint32_t>(128 - s.e) << 23);
  const float y = log_from(static_cast<float>(s.e), fma(0.5f * lost, twice, s.m - 1.0f));
  return log_ends(x, u, y);
}

// With t = e^(2|x|) - 1: tanh |x| = t / (t + 2), without cancellation near zero. Beyond 10 it rounds to 1.
inline float tanh(float x) {
  const float a = magnitude(x);
  const float t = expm1(2.0f * (a > 10.0f ? 10.0f : a));
  return __builtin_copysignf(t / (t + 2.0f), x);
}

// 1 / (1 + e^-x), from e^-|x| so that nothing overflows and small results keep their digits.
inline float sigmoid(float x) {
  const float z = exp(-magnitude(x));
  return (x < 0.0f ? z : 1.0f) / (1.0f + z);
}

// |x| < 1: x + x p(x^2), relative error 2^-34. Else 1 - e^-q(|x|), where q fits -log(erfc) on [1, 4].
// From 4 on it rounds to 1.
inline float erf(float x) {
  const float a = magnitude(x);
  const float t = x * x;
  const float p = polynomial(t, 0x1.06eba8p-3f, -0x1.812746p-2f, 0x1.ce2f08p-4f, -0x1.b829a8p-6f,
                             0x1.5628eep-8f, -0x1.bcbe9ap-11f, 0x1.d82692p-14f, -0x1.438406p-17f);
  const float b = a > 4.0f ? 4.0f : a;
  const float q = polynomial(b, 0x1.661e5p-12f, 0x1.2088eap0f, 0x1.46baecp-1f, 0x1.a6533cp-4f,
                             -0x1.65cb6ap-6f, 0x1.825aep-9f, -0x1.86dd5ep-13f);
  const ReducedExp e(-q);
  const float large = 1.0f - (1.0f + (e.r + e.tail)) * power_of_two(e.n);
  return a < 1.0f ? fma(x, p, x) : __builtin_copysignf(large, x);
}

}  // namespace single
}  // namespace
}  // namespace palimpsest
