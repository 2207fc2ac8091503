#pragma once

// Division with a whole quotient, and what is left. Guarded: see formulas_math.h.

#include "formulas.h"
#include "math/doubles.h"

namespace palimpsest {
namespace {
namespace formula {

// The rest has the sign of a. By zero, floats give NaN and integers 0.
struct fmod {
  template <typename T>
  static T apply(T a, T b) {
    if constexpr (!doubles::kHasFma) return hard(a, b);
    // Below the limit the quotient is right or one too large, and the difference is exact either way.
    const T quotient = trunc::apply(a / b), rest = fused(-quotient, b, a);
    const bool is_beyond = (rest != T(0)) & ((rest < T(0)) != (a < T(0)));
    const T moved = rest + round::copysign(b, a);
    return round::copysign(is_beyond ? moved : rest, a);
  }
  template <typename T>
  static bool is_hard(T a, T b, T) {
    constexpr T kMostQuotient = sizeof(T) == 4 ? T(0x1p22) : T(0x1p51);
    constexpr T kLeast = sizeof(T) == 4 ? T(0x1p-100) : T(0x1p-900);
    const bool is_easy_divisor = (abs::apply(b) > kLeast) & (abs::apply(b) < T(1) / kLeast);
    return !(is_easy_divisor & (abs::apply(a / b) < kMostQuotient));
  }
  static float hard(float a, float b) { return __builtin_fmodf(a, b); }
  static double hard(double a, double b) { return __builtin_fmod(a, b); }

  static std::int32_t apply(std::int32_t a, std::int32_t b) {
    const double divisor = b == 0 ? 1.0 : static_cast<double>(b), dividend = static_cast<double>(a);
    return static_cast<std::int32_t>(dividend - trunc::apply(dividend / divisor) * divisor);
  }
  // By -1 the hardware traps for the least number.
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return (b == 0) | (b == -1) ? 0 : a % b; }
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(b == 0 ? 0 : a % b);
  }

 private:
  static float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
};

// The rest has the sign of b, as in a - b floor(a / b).
struct remainder {
  template <typename T>
  static T apply(T a, T b) {
    return with_sign_of_divisor(fmod::apply(a, b), b);
  }
  template <typename T>
  static bool is_hard(T a, T b, T) {
    return fmod::is_hard(a, b, T(0));
  }
  static float hard(float a, float b) { return with_sign_of_divisor(fmod::hard(a, b), b); }
  static double hard(double a, double b) { return with_sign_of_divisor(fmod::hard(a, b), b); }

  static std::int32_t apply(std::int32_t a, std::int32_t b) {
    const std::int32_t rest = fmod::apply(a, b);
    return (rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest;
  }
  static std::int64_t apply(std::int64_t a, std::int64_t b) {
    const std::int64_t rest = fmod::apply(a, b);
    return (rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest;
  }
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) { return fmod::apply(a, b); }

 private:
  template <typename T>
  static T with_sign_of_divisor(T rest, T b) {
    const bool is_other_sign = (rest < T(0)) != (b < T(0));
    const T moved = is_other_sign ? rest + b : rest;
    return rest == T(0) ? round::copysign(rest, b) : moved;
  }
};

// floor(a / b). By zero: infinities and NaN for floats; integers give 0, and wrap around for the one quotient
// out of range.
struct floorDiv {
  template <typename T>
  static T apply(T a, T b) {
    return quotient(a, b, fmod::apply(a, b));
  }
  template <typename T>
  static bool is_hard(T a, T b, T) {
    return fmod::is_hard(a, b, T(0));
  }
  static float hard(float a, float b) { return quotient(a, b, fmod::hard(a, b)); }
  static double hard(double a, double b) { return quotient(a, b, fmod::hard(a, b)); }

  static std::int32_t apply(std::int32_t a, std::int32_t b) {
    // Quotients of 32-bit integers are never rounded to a whole number that they are not.
    const double exact = floor::apply(static_cast<double>(a) / static_cast<double>(b == 0 ? 1 : b));
    const auto whole = static_cast<std::int32_t>(exact > 2147483647.0 ? -2147483648.0 : exact);
    return b == 0 ? 0 : whole;
  }
  static std::int64_t apply(std::int64_t a, std::int64_t b) {
    if (b == 0) return 0;
    if (b == -1) return wrap(0 - unsign(a));
    return a / b - ((a % b != 0) & ((a < 0) != (b < 0)) ? 1 : 0);
  }
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(b == 0 ? 0 : a / b);
  }

 private:
  template <typename T>
  static T quotient(T a, T b, T rest) {
    const T exact = (a - rest) / b;
    const bool is_lower = (rest != T(0)) & ((rest < T(0)) != (b < T(0)));
    const T whole = round::apply(is_lower ? exact - T(1) : exact);
    const T signed_zero = round::copysign(T(0), a / b);
    const T finite = whole == T(0) ? signed_zero : whole;
    return b == T(0) ? a / b : finite;
  }
};

}  // namespace formula
}  // namespace
}  // namespace palimpsest
