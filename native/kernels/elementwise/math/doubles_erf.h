#pragma once

// The error function, its complement and its inverse in double precision. The polynomials are minimax fits
// (Remez exchange). Largest errors found, in units of the last place: erf 1, erfc 4, erfinv 3.

#include "doubles_exp.h"

namespace palimpsest {
namespace {
namespace doubles {

// |x| < 1: x + x P(x^2), relative error 2^-62.
inline double erf_small(double x) {
  return fma(x,
             long_polynomial(x * x, 0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b32p-4,
                             -0x1.b82ce31284ea4p-6, 0x1.565bcd0dbc15dp-8, -0x1.c02db3db018fbp-11,
                             0x1.f9a321dc22456p-14, -0x1.f4d1e388847f3p-17, 0x1.b9df276328e4ap-20,
                             -0x1.5f1ef21b91138p-23, 0x1.f7b6306ec2d0cp-27, -0x1.38a1375425851p-30,
                             0x1.0608f5fa982dbp-34),
             x);
}

// e^(-a^2), with the part of the square that rounding takes away.
inline double exp_of_square(double a) {
  const Pair square = product_of(a, a);
  const double y = exp(-square.high);
  return fma(y, -square.low, y);
}

// erfc(a) for a >= 0: (1 + 2a) e^(a^2) erfc(a) is a polynomial in (a - 4) / (a + 4), relative error 2^-56.
inline double erfc_positive(double a) {
  a = a > 28.0 ? 28.0 : a;
  const double q = (a - 4.0) / (a + 4.0);
  const double p = long_polynomial(
      q, 0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a29cp-3, 0x1.f7f5df66fd75bp-7, 0x1.16ecefcfa5ff1p-4,
      -0x1.9ddb23c3e8bb4p-4, 0x1.7fee004df747dp-4, -0x1.0fb06dfe5723bp-4, 0x1.3079edf9e931ap-5,
      -0x1.09623880b9ed3p-6, 0x1.49c67195665d6p-8, -0x1.8d4a9fbc9bef4p-11, -0x1.a1de85cb5f86bp-13,
      0x1.3be0cfd597e4dp-13, -0x1.9969ad8701364p-16, -0x1.78a7fa3edd137p-17, 0x1.7fad6f4c358cfp-18,
      0x1.4421b0943b816p-22, -0x1.bfdb040bd15e5p-21, 0x1.0c4b5da37ddcep-24, 0x1.ebfaaa7156c95p-24,
      -0x1.0c7e9509df7a6p-27, -0x1.cbffd80e29388p-27, -0x1.d6dd45cd11f55p-30);
  return exp_of_square(a) * (p / fma(2.0, a, 1.0));
}

inline double erf(double x) {
  const double a = magnitude(x);
  const double large = with_sign(1.0 - erfc_positive(a), x);
  return a < 1.0 ? erf_small(x) : large;
}

inline double erfc(double x) {
  const double a = magnitude(x);
  const double tail = erfc_positive(a);
  const double y = x < 0.0 ? 2.0 - tail : tail;
  return a < 0.25 ? 1.0 - erf_small(x) : y;
}

// y with erf(y) = x: polynomials in w = -log(1 - x^2) and in its root give six to seven digits, one step of
// Halley's method the others. Near 1 the complement is compared, which has more digits.
inline double erfinv(double x) {
  const double a = magnitude(x);
  const double w = -log((1.0 - a) * (1.0 + a));
  const double root = __builtin_sqrt(w > 0.0 ? w : 0.0);
  const double near = polynomial(w, 0x1.c5bf84bc9c2eap-1, 0x1.db2c32f6f23a1p-3, 0x1.79b599cddd9e8p-7,
                                 -0x1.2c09ab56ddc9dp-9, -0x1.6d61b831e521fp-13, 0x1.2cce775e46884p-14,
                                 -0x1.62288ae0d8be1p-18, -0x1.251bbdf564e68p-23, 0x1.9bba50176a334p-26);
  const double far = polynomial(root, 0x1.0e4338b6ddf74p-3, 0x1.e4540f58706edp+1, -0x1.b1d3615526dd6p+2,
                                0x1.b68e4536ce2c1p+2, -0x1.021a6cc1a1ed0p+2, 0x1.8bbb8b1bcad46p+0,
                                -0x1.9de58bc160d3cp-2, 0x1.2b3ab4d4ccea5p-4, -0x1.2753b97286014p-7,
                                0x1.7cc9e6cb0e936p-11, -0x1.21934f0066467p-15, 0x1.8a78ff7f60e6ep-21);
  const double y = a * (w < 5.0 ? near : far);
  const double slope = 0x1.20dd750429b6dp+0 * exp_of_square(y);
  const double below = erf_small(y) - a, above = (1.0 - a) - erfc_positive(y);
  const double step = (a < 0.5 ? below : above) / slope;
  const double inside = y - step / fma(y, step, 1.0);
  const double outside = a == 1.0 ? kInfinity : kNaN;
  return with_sign(a < 1.0 ? inside : outside, x);
}

}  // namespace doubles
}  // namespace
}  // namespace palimpsest
