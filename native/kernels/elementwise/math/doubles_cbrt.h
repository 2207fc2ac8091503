#pragma once

// The cube root in double precision. Largest error found: 1 unit of the last place.

#include "doubles.h"

namespace palimpsest {
namespace {
namespace doubles {

// |x| = 2^(3q + r) m with m in [1, 2): a polynomial is close to the root of m to five digits, and one step of
// Halley's method, which triples them, brings y with y^3 = 2^r m. Numbers without a leading bit are made
// larger by 2^54 first.
inline double cbrt(double x) {
  const double a = magnitude(x);
  const bool is_small = a < kSmallestNormal;
  const std::uint64_t bits = bits_of(is_small ? a * 0x1p54 : a);
  const double exponent = from_bits((bits >> 52) | bits_of(0x1p52)) - (0x1p52 + 1023.0);
  const double q = ((exponent - 1.0) * (1.0 / 3.0) + kShift) - kShift;  // rounded: exponent / 3, cut
  const double r = exponent - 3.0 * q;
  const double m = from_bits((bits & 0x000FFFFFFFFFFFFFu) | 0x3FF0000000000000u);
  const double near = polynomial(m - 1.5, 0x1.250be863aaee9p+0, 0x1.047c9f42a3e06p-2, -0x1.ce537cff07856p-5,
                                 0x1.563396472fb55p-6, -0x1.5090d336ef555p-7, 0x1.4c7608a03aaabp-8);
  const double y = near * (r < 0.5 ? 1.0 : r < 1.5 ? 0x1.428a2f98d728bp+0 : 0x1.965fea53d6e3cp+0);
  const double target = m * (r < 0.5 ? 1.0 : r < 1.5 ? 2.0 : 4.0);
  const double cube = y * y * y;
  // y (y^3 + 2t) / (2y^3 + t) as a small change of y.
  const double root = fma(y, (target - cube) / fma(2.0, cube, target), y);
  const double scaled = root * power_of_two(is_small ? q - 18.0 : q);
  return a > 0.0 && a < kInfinity ? with_sign(scaled, x) : x;
}

}  // namespace doubles
}  // namespace
}  // namespace palimpsest
