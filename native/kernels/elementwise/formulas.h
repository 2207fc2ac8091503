#pragma once

// What each elementwise operation computes for one element. Included by one file per instruction set, with
// the same precautions as float_math.h.

#include <cstdint>

#include "core/half.h"
#include "float_math.h"

namespace palimpsest {
namespace {

// Bool tensors are read as bytes, because a byte other than 0 and 1 in a C++ bool would be undefined.
template <typename T>
struct ElementOf {
  using type = T;
};
template <>
struct ElementOf<bool> {
  using type = std::uint8_t;
};
template <>
struct ElementOf<BFloat16> {
  using type = std::uint16_t;
};
template <>
struct ElementOf<Float16> {
  using type = std::uint16_t;
};
template <typename T>
using Element = typename ElementOf<T>::type;

template <typename T>
inline float widened(std::uint16_t bits) {
  return __is_same(T, BFloat16) ? bfloat16_to_float(bits) : float16_to_float(bits);
}
template <typename T>
inline std::uint16_t narrowed(float x) {
  return __is_same(T, BFloat16) ? bfloat16_from_float(x) : float16_from_float(x);
}

// Toward zero; out of range goes to the nearest value, NaN to 0.
// Clamped before the conversion, which is undefined out of range.
template <typename F>
inline std::int32_t to_int32(F x) {
  constexpr F kLow = F(-2147483648.0), kBelow = F(sizeof(F) == 4 ? 2147483520.0 : 2147483647.0);
  const F clamped = x > kLow ? (x < kBelow ? x : kBelow) : (x == x ? kLow : F(0));
  const std::int32_t converted = static_cast<std::int32_t>(clamped);
  return x >= F(2147483647.0) ? std::int32_t{2147483647} : converted;
}

template <typename F>
inline std::int64_t to_int64(F x) {
  constexpr F kLow = F(-9223372036854775808.0), kTop = F(9223372036854775808.0);
  const bool is_inside = (x >= kLow) & (x < kTop);
  const std::int64_t converted = static_cast<std::int64_t>(is_inside ? x : F(0));
  const std::int64_t outside =
      x >= kTop ? 0x7fffffffffffffff : (x < kLow ? -0x7fffffffffffffff - 1 : std::int64_t{0});
  return is_inside ? converted : outside;
}
// From an integer or a number with a fraction to an integer that holds less.
template <typename To, typename From>
inline To clamped_to(From x, From low, From high) {
  return static_cast<To>(x < low ? low : (x > high ? high : x));
}

// An element of dtype From as one of dtype To. Integers out of range go to the nearest value, as floats do.
template <typename To, typename From>
inline Element<To> convert(Element<From> x) {
  if constexpr (__is_same(To, From) && !__is_same(To, bool)) {
    return x;
  } else if constexpr (is_half<From>) {
    return convert<To, float>(widened<From>(x));
  } else if constexpr (is_half<To>) {
    if constexpr (__is_same(From, float) || sizeof(From) == 1) {
      return narrowed<To>(convert<float, From>(x));
    } else if constexpr (__is_same(From, std::int64_t)) {
      return narrowed<To>(float_rounded_to_odd(x));
    } else {
      return narrowed<To>(float_rounded_to_odd(static_cast<double>(x)));
    }
  } else if constexpr (__is_same(From, bool)) {
    return static_cast<Element<To>>(x != 0 ? 1 : 0);
  } else if constexpr (__is_same(To, bool)) {
    return x != From(0);
  } else if constexpr (__is_same(To, std::int32_t) && __is_same(From, std::int64_t)) {
    return clamped_to<std::int32_t, std::int64_t>(x, -2147483648ll, 2147483647ll);
  } else if constexpr (__is_same(To, std::uint8_t) && __is_same(From, std::int64_t)) {
    return clamped_to<std::uint8_t, std::int64_t>(x, 0, 255);
  } else if constexpr (__is_same(To, std::int64_t) && (__is_same(From, float) || __is_same(From, double))) {
    return to_int64(x);
  } else if constexpr (__is_same(To, std::int32_t) && !__is_same(From, std::uint8_t)) {
    return to_int32(x);
  } else if constexpr (__is_same(To, std::uint8_t)) {
    const From floor = x > From(0) ? x : From(0);
    return static_cast<std::uint8_t>(static_cast<std::int32_t>(floor < From(255) ? floor : From(255)));
  } else {
    return static_cast<Element<To>>(x);
  }
}

inline std::int32_t wrap(std::uint32_t x) { return static_cast<std::int32_t>(x); }
inline std::uint32_t unsign(std::int32_t x) { return static_cast<std::uint32_t>(x); }
inline std::int64_t wrap(std::uint64_t x) { return static_cast<std::int64_t>(x); }
inline std::uint64_t unsign(std::int64_t x) { return static_cast<std::uint64_t>(x); }

// One struct per operation, under its name. `apply` takes and returns elements. Integers wrap around.
namespace formula {

struct full;  // the loop table treats these two apart
struct cast;

struct add {
  template <typename T>
  static T apply(T a, T b) {
    return a + b;
  }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return wrap(unsign(a) + unsign(b)); }
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return wrap(unsign(a) + unsign(b)); }
};
struct sub {
  template <typename T>
  static T apply(T a, T b) {
    return a - b;
  }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return wrap(unsign(a) - unsign(b)); }
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return wrap(unsign(a) - unsign(b)); }
};
struct mul {
  template <typename T>
  static T apply(T a, T b) {
    return a * b;
  }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return wrap(unsign(a) * unsign(b)); }
  static std::int64_t apply(std::int64_t a, std::int64_t b) { return wrap(unsign(a) * unsign(b)); }
};
struct div {
  template <typename T>
  static T apply(T a, T b) {
    return a / b;
  }
};
struct neg {
  template <typename T>
  static T apply(T a) {
    return -a;
  }
  static std::int32_t apply(std::int32_t a) { return wrap(0 - unsign(a)); }
  static std::int64_t apply(std::int64_t a) { return wrap(0 - unsign(a)); }
};
struct abs {
  static float apply(float a) { return __builtin_fabsf(a); }
  static double apply(double a) { return __builtin_fabs(a); }
  static std::int32_t apply(std::int32_t a) { return a < 0 ? wrap(0 - unsign(a)) : a; }
  static std::int64_t apply(std::int64_t a) { return a < 0 ? wrap(0 - unsign(a)) : a; }
  static std::uint8_t apply(std::uint8_t a) { return a; }
};
struct sign {  // zeros keep their sign, NaN stays
  template <typename T>
  static T apply(T a) {
    return a > T(0) ? T(1) : (a < T(0) ? T(-1) : a);
  }
  static std::uint8_t apply(std::uint8_t a) { return a > 0; }
};
struct square {
  template <typename T>
  static T apply(T a) {
    return mul::apply(a, a);
  }
};
struct sqrt {
  static float apply(float a) { return __builtin_sqrtf(a); }
  static double apply(double a) { return __builtin_sqrt(a); }
};
struct reciprocal {
  template <typename T>
  static T apply(T a) {
    return T(1) / a;
  }
};
struct rsqrt {
  template <typename T>
  static T apply(T a) {
    return T(1) / sqrt::apply(a);
  }
};

// NaN in either operand gives NaN.
struct maximum {
  template <typename T>
  static T apply(T a, T b) {
    return (a > b) | (a != a) ? a : b;
  }
};
struct minimum {
  template <typename T>
  static T apply(T a, T b) {
    return (a < b) | (a != a) ? a : b;
  }
};
// Halves to even: from 2^23 (2^52) on there are no fractions, and adding that much rounds them away.
struct round {
  template <typename T>
  static T apply(T a) {
    constexpr T kLarge = sizeof(T) == 4 ? T(0x1p23) : T(0x1p52);
    const T magnitude = abs::apply(a), rounded = (magnitude + kLarge) - kLarge;
    return magnitude < kLarge ? copysign(rounded, a) : a;
  }
  static float copysign(float a, float b) { return __builtin_copysignf(a, b); }
  static double copysign(double a, double b) { return __builtin_copysign(a, b); }
};
struct floor {
  template <typename T>
  static T apply(T a) {
    const T rounded = round::apply(a), below = rounded - T(1);
    return rounded > a ? below : rounded;
  }
};
struct ceil {
  template <typename T>
  static T apply(T a) {
    const T rounded = round::apply(a), above = rounded + T(1);
    return rounded < a ? above : rounded;
  }
};
struct trunc {
  template <typename T>
  static T apply(T a) {
    const T magnitude = abs::apply(a), rounded = round::apply(magnitude);
    const T whole = rounded > magnitude ? rounded - T(1) : rounded;
    return round::copysign(whole, a);
  }
};
struct relu {  // NaN stays
  template <typename T>
  static T apply(T a) {
    return a < T(0) ? T(0) : a;
  }
};

struct greater {
  template <typename T>
  static std::uint8_t apply(T a, T b) {
    return a > b;
  }
};
struct greaterEqual {
  template <typename T>
  static std::uint8_t apply(T a, T b) {
    return a >= b;
  }
};
struct less {
  template <typename T>
  static std::uint8_t apply(T a, T b) {
    return a < b;
  }
};
struct lessEqual {
  template <typename T>
  static std::uint8_t apply(T a, T b) {
    return a <= b;
  }
};
struct equal {
  template <typename T>
  static std::uint8_t apply(T a, T b) {
    return a == b;
  }
};
struct notEqual {
  template <typename T>
  static std::uint8_t apply(T a, T b) {
    return a != b;
  }
};
struct logicalAnd {
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) { return (a != 0) & (b != 0); }
};
struct logicalOr {
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) { return (a | b) != 0; }
};
struct logicalXor {
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) { return (a != 0) ^ (b != 0); }
};
struct logicalNot {
  static std::uint8_t apply(std::uint8_t a) { return a == 0; }
};
struct where {
  template <typename T>
  static T apply(std::uint8_t a, T b, T c) {
    return a != 0 ? b : c;
  }
};
struct isNaN {
  template <typename T>
  static std::uint8_t apply(T a) {
    return a != a;
  }
};
struct isInf {
  static std::uint8_t apply(float a) { return __builtin_fabsf(a) > 0x1.fffffep127f; }
  static std::uint8_t apply(double a) { return __builtin_fabs(a) > 0x1.fffffffffffffp1023; }
};
struct isFinite {
  static std::uint8_t apply(float a) { return __builtin_fabsf(a) <= 0x1.fffffep127f; }
  static std::uint8_t apply(double a) { return __builtin_fabs(a) <= 0x1.fffffffffffffp1023; }
};

}  // namespace formula
}  // namespace
}  // namespace palimpsest
