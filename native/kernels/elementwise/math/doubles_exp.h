#pragma once

// Exponentials and logarithms in double precision. The polynomials are minimax fits (Remez exchange).
// Largest errors found, in units of the last place: exp 1, exp2 1, expm1 2, log 1, log2 2, log1p 2, tanh 3,
// sigmoid 3, sinh 3, cosh 2.

#include "doubles.h"

namespace palimpsest {
namespace {
namespace doubles {

// e^x = 2^n e^r with |r| <= ln 2 / 2, and e^r = 1 + r + tail. x must be within +-2^40 or NaN.
struct ReducedExp {
  double n, r, tail;

  explicit ReducedExp(double x) {
    n = fma(x, kLog2E, kShift) - kShift;
    r = fma(n, -kLn2Low, fma(n, -kLn2High, x));
    tail = tail_of(r);
  }
  ReducedExp(double n, double r) : n(n), r(r), tail(tail_of(r)) {}

  // Relative error 2^-58.
  static double tail_of(double r) {
    return r * r *
           polynomial(r, 0x1.000000000000bp-1, 0x1.5555555555561p-3, 0x1.5555555550040p-5,
                      0x1.111111110d59ep-7, 0x1.6c16c185a510bp-10, 0x1.a01a01bb0c39bp-13,
                      0x1.a0199697a2d30p-16, 0x1.71dddf8212412p-19, 0x1.28b046f117bffp-22,
                      0x1.af85e3f3c355ap-26);
  }
  // The power times 2^offset; 2^n in two factors, so that subnormal results are reached too.
  double scaled(double offset) const {
    const double half = fma(n, 0.5, kShift) - kShift;
    return (1.0 + (r + tail)) * power_of_two(half) * power_of_two(n - half + offset);
  }
};

inline double clamped(double x, double low, double high) {
  x = x > high ? high : x;
  return x < low ? low : x;
}

// Beyond the clamps the result is infinity or zero anyway.
inline double exp(double x) { return ReducedExp(clamped(x, -746.0, 710.0)).scaled(0); }

inline double exp2(double x) {
  x = clamped(x, -1076.0, 1025.0);
  const double n = (x + kShift) - kShift;
  return ReducedExp(n, (x - n) * 0x1.62e42fefa39efp-1).scaled(0);
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), halved so that 2^1024 does not occur.
// Below the lower clamp the result rounds to -1.
inline double expm1(double x) {
  const ReducedExp e(clamped(x, -38.0, 710.0));
  const double scale = power_of_two(e.n - 1);
  const double y = 2.0 * fma(scale, e.r + e.tail, scale - 0.5);
  return e.n == 0.0 ? (x == 0.0 ? x : e.r + e.tail) : y;
}

// x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive normal x.
struct Split {
  double e, m;
  std::uint64_t biased;  // e + 1023

  explicit Split(double x) {
    constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd, kOne = 0x3ff0000000000000;
    const std::uint64_t offset = bits_of(x) + (kOne - kSqrtHalf);
    biased = offset >> 52;
    // Read as the low bits of 2^52, because not every processor turns 64-bit integers into numbers.
    e = from_bits(biased | 0x4330000000000000) - (0x1p52 + 1023.0);
    m = from_bits((offset & 0x000fffffffffffff) + kSqrtHalf);
  }
};

// log(1 + f) - f for 1 + f in [sqrt(1/2), sqrt(2)): with s = f / (2 + f), log(1 + f) = 2s + s^3 R(s^2). The
// first term is written with f, so that rounding errors of s count little.
inline double log_tail(double f) {
  const double s = f / (2.0 + f), z = s * s, half_square = 0.5 * f * f;
  const double r = z * polynomial(z, 0x1.5555555555572p-1, 0x1.99999999889eep-2, 0x1.2492493b39f8bp-2,
                                  0x1.c71c56ea34225p-3, 0x1.746555226c83ep-3, 0x1.39b789d4084b5p-3,
                                  0x1.2e37d446b95c7p-3);
  return fma(s, half_square + r, -half_square);
}

// e ln 2 + log(1 + f)
inline double log_from(double e, double f) {
  return fma(e, kLn2High, f + fma(e, kLn2Low, log_tail(f)));
}

// log x for x > 0 given y, which is right for finite x; and the values at and beyond the ends of the domain.
inline double log_ends(double x, double from_zero, double y) {
  const bool is_positive = from_zero > 0.0, is_zero = from_zero == 0.0, is_finite = x < kInfinity;
  const double inside = is_finite ? y : x;
  const double outside = is_zero ? -kInfinity : kNaN;
  return is_positive ? inside : outside;
}

inline double log(double x) {
  const bool is_subnormal = x < kSmallestNormal;
  const Split s(is_subnormal ? x * 0x1p54 : x);
  return log_ends(x, x, log_from(s.e - (is_subnormal ? 54.0 : 0.0), s.m - 1.0));
}

inline double log2(double x) {
  const bool is_subnormal = x < kSmallestNormal;
  const Split s(is_subnormal ? x * 0x1p54 : x);
  const double e = s.e - (is_subnormal ? 54.0 : 0.0), f = s.m - 1.0;
  return log_ends(x, x, fma(f + log_tail(f), kLog2E, e));
}

// As log(u) with u = 1 + x rounded; what the rounding lost is put back into f, scaled like u.
inline double log1p(double x) {
  const double u = 1.0 + x;
  const double lost_of_one = 1.0 - (u - x), lost_of_x = x - (u - 1.0);
  const double lost = x >= 1.0 ? lost_of_one : lost_of_x;
  const Split s(u);
  // 2 * 2^-e, because e may be 1024 and 2^-1024 has no such bits.
  const double twice = from_bits((2047 - s.biased) << 52);
  const double y = log_ends(x, u, log_from(s.e, fma(0.5 * lost, twice, s.m - 1.0)));
  return magnitude(x) < 0x1p-60 ? x : y;
}

// With t = e^(2|x|) - 1: tanh |x| = t / (t + 2), without cancellation near zero. Beyond 20 it rounds to 1.
inline double tanh(double x) {
  const double a = magnitude(x);
  const double t = expm1(2.0 * (a > 20.0 ? 20.0 : a));
  return with_sign(t / (t + 2.0), x);
}

// From e^-|x|, so that nothing overflows and small results keep their digits.
inline double sigmoid(double x) {
  const double z = exp(-magnitude(x));
  return (x < 0.0 ? z : 1.0) / (1.0 + z);
}

// (t + t / (t + 1)) / 2 with t = e^|x| - 1; from e^|x| / 2 where that is as good, up to where it overflows.
inline double sinh(double x) {
  const double a = magnitude(x);
  const double t = expm1(a > 40.0 ? 40.0 : a);
  const double large = ReducedExp(a > 711.0 ? 711.0 : a).scaled(-1);
  return with_sign(a > 22.0 ? large : 0.5 * (t + t / (t + 1.0)), x);
}

inline double cosh(double x) {
  const double a = magnitude(x);
  const double half = ReducedExp(a > 711.0 ? 711.0 : a).scaled(-1);
  return half + 0.25 / half;
}

}  // namespace doubles
}  // namespace
}  // namespace palimpsest
