#pragma once

// Powers in double precision. Largest error found: 1 unit of the last place.

#include "doubles_exp.h"

namespace palimpsest {
namespace {
namespace doubles {

// log x for a positive normal x, with about 66 bits: an error of it is multiplied by up to 700 in the power.
// As in log_tail, log(m) = 2s + s^3 (2/3 + s^2 Q(s^2)); all terms but the last are pairs.
inline Pair log_pair(double x) {
  const Split split(x);
  const double f = split.m - 1.0;
  // s = f / (2 + f) = s_high + s_low
  const Pair below = sum_of(2.0, f);
  const double s = f / below.high;
  const double s_low = (fma(-s, below.high, f) - s * below.low) / below.high;
  const Pair z = product_of(s, s);
  const double z_low = fma(2.0 * s, s_low, z.low);
  const double q = polynomial(z.high, 0x1.99999999999a8p-2, 0x1.2492492488ea6p-2, 0x1.c71c71e6ca793p-3,
                              0x1.745d024519a5dp-3, 0x1.3b1a8b3467aa6p-3, 0x1.0fe4e4e334b0ep-3,
                              0x1.0aa6b82e2882cp-3);
  const Pair third = sum_of(0x1.5555555555555p-1, z.high * q);
  const double third_low = third.low + 0x1.5555555555555p-55;
  const Pair cube = product_of(z.high, s);
  const double cube_low = fma(z.high, s_low, fma(z_low, s, cube.low));
  const Pair last = product_of(cube.high, third.high);
  const double last_low = fma(cube.high, third_low, fma(cube_low, third.high, last.low));
  const Pair log_m = sum_of(2.0 * s, last.high);
  const double log_m_low = fma(2.0, s_low, last_low) + log_m.low;
  // The product of the exponent is exact; where it is 0, so is the sum.
  const Pair total = sum_of(split.e * kLn2High, log_m.high);
  return {total.high, fma(split.e, kLn2Low, log_m_low + total.low)};
}

// a^b for a positive normal a, where neither the result nor b log a leave the range of numbers by far.
inline double pow(double a, double b) {
  const Pair log_a = log_pair(a);
  const Pair product = product_of(b, log_a.high);
  const double low = fma(b, log_a.low, product.low);
  const double y = exp(product.high);
  return fma(y, low, y);
}

}  // namespace doubles
}  // namespace
}  // namespace palimpsest
