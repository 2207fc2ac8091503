#pragma once

// Sines and their inverses in double precision. The polynomials are minimax fits (Remez exchange).
// Largest errors found, in units of the last place: sin and cos 1, tan 3, asin and acos 2, atan 2, atan2 3.

#include "doubles.h"

namespace palimpsest {
namespace {
namespace doubles {

// Up to here multiples of pi/2 are taken out exactly enough; beyond, the C library is asked.
constexpr double kLargestAngle = 0x1p20;

constexpr double kHalfPi = 0x1.921fb54442d18p+0;
constexpr double kHalfPiLow = 0x1.1a62633145c07p-54;
constexpr double kHalfPiLowest = -0x1.f1976b7ed8fbcp-110;

// x = n pi/2 + r with |r| <= pi/4. The first product and difference are exact together; the others leave an
// error far below the last place of r, however small it is.
struct Angle {
  std::uint64_t quadrant;
  double r;

  explicit Angle(double x) {
    const double shifted = fma(x, 0x1.45f306dc9c883p-1, kShift);
    const double n = shifted - kShift;
    quadrant = bits_of(shifted);
    r = fma(n, -kHalfPiLowest, fma(n, -kHalfPiLow, fma(n, -kHalfPi, x)));
  }
};

// r + r^3 S(r^2), relative error 2^-58.
inline double sin_of(double r) {
  const double z = r * r;
  return fma(r * z,
             polynomial(z, -0x1.5555555555549p-3, 0x1.111111110f8b7p-7, -0x1.a01a019c171a1p-13,
                        0x1.71de357b410c6p-19, -0x1.ae5e6849a583ap-26, 0x1.5d93706534822p-33),
             r);
}

// 1 - r^2 / 2 + r^4 C(r^2); what is lost in the first difference is put back.
inline double cos_of(double r) {
  const double z = r * r, half = 0.5 * z, w = 1.0 - half;
  const double c = polynomial(z, 0x1.555555555554ep-5, -0x1.6c16c16c15530p-10, 0x1.a01a019d01831p-16,
                              -0x1.27e4f83ce0c1ep-22, 0x1.1eea0b0506af3p-29, -0x1.8fbd43184a0b2p-37);
  return w + fma(z * z, c, (1.0 - w) - half);
}

// The sine of `quadrant` right angles plus r.
inline double turned(std::uint64_t quadrant, double r) {
  const double s = sin_of(r), c = cos_of(r);
  const double y = (quadrant & 1) != 0 ? c : s;
  return from_bits(bits_of(y) ^ ((quadrant & 2) << 62));
}

inline double sin(double x) {
  const Angle a(x);
  return x == 0.0 ? x : turned(a.quadrant, a.r);
}
inline double cos(double x) {
  const Angle a(x);
  return turned(a.quadrant + 1, a.r);
}
inline double tan(double x) {
  const Angle a(x);
  const double s = sin_of(a.r), c = cos_of(a.r);
  const bool is_odd = (a.quadrant & 1) != 0;
  const double y = (is_odd ? -c : s) / (is_odd ? s : c);
  return x == 0.0 ? x : y;
}

// atan(t) - t for |t| <= tan(pi/8), relative error 2^-59.
inline double atan_tail(double t) {
  const double z = t * t;
  return t * z *
         long_polynomial(z, -0x1.5555555555543p-2, 0x1.9999999996358p-3, -0x1.24924922e6fa1p-3,
                         0x1.c71c70f9914d6p-4, -0x1.745cfacdf8197p-4, 0x1.3b113845be7d7p-4,
                         -0x1.10ecfb6444bc1p-4, 0x1.df20341402478p-5, -0x1.9d19652b4dec2p-5,
                         0x1.387d1be3170e2p-5, -0x1.26c230a631363p-6);
}

// atan(y / x) for y, x >= 0, not both 0 and not both infinite: an eighth or a quarter of a turn is taken out.
inline double atan_of(double y, double x) {
  const bool is_low = y <= 0x1.a827999fcef32p-2 * x, is_high = 0x1.a827999fcef32p-2 * y > x;
  const double above = is_high ? -x : y - x, below = is_high ? y : y + x;
  const double t = (is_low ? y : above) / (is_low ? x : below);
  const double high = is_low ? 0.0 : (is_high ? kHalfPi : 0.5 * kHalfPi);
  const double low = is_low ? 0.0 : (is_high ? kHalfPiLow : 0.5 * kHalfPiLow);
  return high + (t + (atan_tail(t) + low));
}

inline double atan(double x) {
  const double a = magnitude(x);
  return with_sign(atan_of(a > 0x1p60 ? 0x1p60 : a, 1.0), x);
}

// The angle of the point (x, y). Both must be normal numbers of magnitude 2^-500 to 2^500.
inline double atan2(double y, double x) {
  const double a = atan_of(magnitude(y), magnitude(x));
  const double back = (2.0 * kHalfPi - a) + 2.0 * kHalfPiLow;
  return with_sign(x < 0.0 ? back : a, y);
}

// asin(x) - x for |x| <= 1/2, relative error 2^-55 of asin(x).
inline double asin_tail(double x) {
  const double z = x * x;
  return x * z *
         long_polynomial(z, 0x1.55555555553e6p-3, 0x1.33333333674afp-4, 0x1.6db6db461b9d0p-5,
                         0x1.f1c72b44c6732p-6, 0x1.6e8a0773c9508p-6, 0x1.1c6ae98411607p-6,
                         0x1.c70e6bba5c0b3p-7, 0x1.8e6298faff4b8p-7, 0x1.aeb51e071c0cfp-8,
                         0x1.3e2d83a2eb116p-6, -0x1.074e44efe719ap-6, 0x1.04a4bb36bb2d2p-5);
}

// Beyond 1/2 from asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)). NaN beyond 1, from the root.
inline double asin(double x) {
  const double a = magnitude(x);
  const bool is_large = a > 0.5;
  const double t = is_large ? __builtin_sqrt(0.5 * (1.0 - a)) : a;
  const double tail = asin_tail(t);
  const double large = kHalfPi - (2.0 * t + (2.0 * tail - kHalfPiLow));
  return with_sign(is_large ? large : t + tail, x);
}

inline double acos(double x) {
  const double a = magnitude(x);
  const bool is_large = a > 0.5;
  const double t = is_large ? __builtin_sqrt(0.5 * (1.0 - a)) : x;
  const double tail = asin_tail(t);
  const double small = kHalfPi - (t + (tail - kHalfPiLow));
  const double near = 2.0 * (t + tail);
  const double far = 2.0 * kHalfPi - (near - 2.0 * kHalfPiLow);
  const double large = x < 0.0 ? far : near;
  return is_large ? large : small;
}

}  // namespace doubles
}  // namespace
}  // namespace palimpsest
