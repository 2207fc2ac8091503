#pragma once

// What the double-precision functions of this folder are made of. The rules of float_math.h hold here too:
// one copy per instruction set, no branches, no inline function of the standard library.
//
// Where the processor has no fused multiply-add, the C library computes instead: the reductions below need
// products that are rounded once.

#include <cstdint>

#include "kernels/vector_loops.h"

namespace palimpsest {
namespace {
namespace doubles {

constexpr double kInfinity = __builtin_inf();
constexpr double kNaN = __builtin_nan("");
constexpr double kSmallestNormal = 0x1p-1022;
constexpr double kLargest = 0x1.fffffffffffffp1023;

inline std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }
inline double from_bits(std::uint64_t bits) { return __builtin_bit_cast(double, bits); }
inline double magnitude(double x) { return __builtin_fabs(x); }
inline double with_sign(double x, double sign) { return __builtin_copysign(x, sign); }

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool kHasFma = true;
inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
constexpr bool kHasFma = false;
inline double fma(double a, double b, double c) { return a * b + c; }
#endif

// Horner's rule, lowest coefficient first.
inline double polynomial(double, double c) { return c; }
template <typename... Rest>
inline double polynomial(double x, double c, Rest... rest) {
  return fma(polynomial(x, rest...), x, c);
}

// The same for many coefficients: even and odd powers by themselves, which halves the time to wait for
// products.
inline double in_squares(double, double c) { return c; }
inline double in_squares(double, double c, double) { return c; }
template <typename... Rest>
inline double in_squares(double z, double c, double, Rest... rest) {
  return fma(in_squares(z, rest...), z, c);
}
template <typename... Rest>
inline double long_polynomial(double x, double c, Rest... rest) {
  const double z = x * x;
  return fma(in_squares(z, rest...), x, in_squares(z, c, rest...));
}

// Adding it rounds to an integer, which can be read from the low bits.
constexpr double kShift = 0x1.8p52;

// 2^n for an integer n in [-1022, 1023].
inline double power_of_two(double n) { return from_bits((bits_of(n + kShift) + 1023) << 52); }

// ln 2 in two parts; the first has 42 bits, so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42fefa3000p-1;
constexpr double kLn2Low = 0x1.3de6af278ece6p-42;
constexpr double kLog2E = 0x1.71547652b82fep+0;

// A number as the sum of two, the second being what rounding took from the first.
struct Pair {
  double high, low;
};

// Of numbers with |a| >= |b|, or a = 0.
inline Pair sum_of(double a, double b) {
  const double high = a + b;
  return {high, b - (high - a)};
}
inline Pair product_of(double a, double b) {
  const double high = a * b;
  return {high, fma(a, b, -high)};
}

}  // namespace doubles
}  // namespace
}  // namespace palimpsest
