#pragma once

// The elementary functions among the elementwise operations, and what networks make of them.
//
// A function with `hard` is guarded: `apply` is fast and right for elements that `is_hard` does not name, and
// the loop asks the C library for the others.

#include "float_math.h"
#include "math/doubles_cbrt.h"
#include "math/doubles_erf.h"
#include "math/doubles_exp.h"
#include "math/doubles_pow.h"
#include "math/doubles_trig.h"
#include "math/single_trig.h"

namespace palimpsest {
namespace {
namespace formula {

// A function in double precision where the processor can, of the C library elsewhere.
#define PALIMPSEST_DOUBLE(function)                                                             \
  static double apply(double a) {                                                               \
    if constexpr (doubles::kHasFma) {                                                           \
      return doubles::function(a);                                                              \
    } else {                                                                                    \
      return __builtin_##function(a);                                                           \
    }                                                                                           \
  }
// With a single-precision function of its own.
#define PALIMPSEST_FUNCTION(function)                                                           \
  struct function {                                                                             \
    static float apply(float a) { return single::function(a); }                                 \
    PALIMPSEST_DOUBLE(function)                                                                 \
  };
// Single precision by way of double precision, which leaves half a unit of the last place.
#define PALIMPSEST_ROUNDED_FUNCTION(function)                                                   \
  struct function {                                                                             \
    static float apply(float a) { return static_cast<float>(apply(static_cast<double>(a))); }   \
    PALIMPSEST_DOUBLE(function)                                                                 \
  };

PALIMPSEST_FUNCTION(exp)
PALIMPSEST_FUNCTION(expm1)
PALIMPSEST_FUNCTION(log)
PALIMPSEST_FUNCTION(log1p)
PALIMPSEST_FUNCTION(tanh)
PALIMPSEST_FUNCTION(erf)
PALIMPSEST_ROUNDED_FUNCTION(exp2)
PALIMPSEST_ROUNDED_FUNCTION(log2)
PALIMPSEST_ROUNDED_FUNCTION(erfc)
PALIMPSEST_ROUNDED_FUNCTION(asin)
PALIMPSEST_ROUNDED_FUNCTION(acos)
PALIMPSEST_ROUNDED_FUNCTION(atan)
PALIMPSEST_ROUNDED_FUNCTION(sinh)
PALIMPSEST_ROUNDED_FUNCTION(cosh)
PALIMPSEST_ROUNDED_FUNCTION(cbrt)

struct erfinv {  // the C library has none
  static float apply(float a) { return static_cast<float>(apply(static_cast<double>(a))); }
  static double apply(double a) { return doubles::erfinv(a); }
};

// Beyond the largest angle the C library takes out the multiples of pi/2 with as many digits as that needs.
struct sin {
  PALIMPSEST_DOUBLE(sin)
  static float apply(float a) { return doubles::kHasFma ? single::sin(a) : hard(a); }
  static bool is_hard(float a, float) { return !(__builtin_fabsf(a) <= single::kLargestAngle); }
  static bool is_hard(double a, double) { return !(__builtin_fabs(a) <= doubles::kLargestAngle); }
  static float hard(float a) { return __builtin_sinf(a); }
  static double hard(double a) { return __builtin_sin(a); }
};
struct cos {
  PALIMPSEST_DOUBLE(cos)
  static float apply(float a) { return doubles::kHasFma ? single::cos(a) : hard(a); }
  static bool is_hard(float a, float) { return !(__builtin_fabsf(a) <= single::kLargestAngle); }
  static bool is_hard(double a, double) { return !(__builtin_fabs(a) <= doubles::kLargestAngle); }
  static float hard(float a) { return __builtin_cosf(a); }
  static double hard(double a) { return __builtin_cos(a); }
};
struct tan {
  PALIMPSEST_DOUBLE(tan)
  static float apply(float a) { return static_cast<float>(apply(static_cast<double>(a))); }
  template <typename T>
  static bool is_hard(T a, T) {
    return !(__builtin_fabs(static_cast<double>(a)) <= doubles::kLargestAngle);
  }
  static float hard(float a) { return __builtin_tanf(a); }
  static double hard(double a) { return __builtin_tan(a); }
};
struct atan2 {
  static double apply(double a, double b) {
    return doubles::kHasFma ? doubles::atan2(a, b) : __builtin_atan2(a, b);
  }
  static float apply(float a, float b) {
    return static_cast<float>(apply(static_cast<double>(a), static_cast<double>(b)));
  }
  static bool is_in_range(double a) {
    return (__builtin_fabs(a) >= 0x1p-500) & (__builtin_fabs(a) <= 0x1p500);
  }
  template <typename T>
  static bool is_hard(T a, T b, T) {
    return !(is_in_range(static_cast<double>(a)) & is_in_range(static_cast<double>(b)));
  }
  static float hard(float a, float b) { return __builtin_atan2f(a, b); }
  static double hard(double a, double b) { return __builtin_atan2(a, b); }
};
// Hard: zero, negative, subnormal and infinite bases, and results near the ends of the range or beyond.
struct pow {
  static double apply(double a, double b) {
    return doubles::kHasFma ? doubles::pow(a, b) : __builtin_pow(a, b);
  }
  static float apply(float a, float b) {
    const double y = apply_for_float(static_cast<double>(a), static_cast<double>(b));
    return static_cast<float>(y);
  }
  static double apply_for_float(double a, double b) {
    return doubles::kHasFma ? doubles::exp(b * doubles::log(a)) : __builtin_pow(a, b);
  }
  static bool is_hard(double a, double b, double y) {
    const bool is_easy_base = (a >= doubles::kSmallestNormal) & (a <= doubles::kLargest);
    const bool is_easy_result = (y > 0x1p-1000) & (y < 0x1p1000);
    return !(is_easy_base & is_easy_result & (__builtin_fabs(b) < 0x1p1000));
  }
  static bool is_hard(float a, float b, float y) {
    const bool is_easy_base = (a > 0.0f) & (a <= 0x1.fffffep127f);
    const bool is_easy_result = (y > 0x1p-120f) & (y < 0x1p120f);
    return !(is_easy_base & is_easy_result & (__builtin_fabsf(b) < 0x1p100f));
  }
  static float hard(float a, float b) { return __builtin_powf(a, b); }
  static double hard(double a, double b) { return __builtin_pow(a, b); }
};

struct sigmoid {
  static float apply(float a) { return single::sigmoid(a); }
  static double apply(double a) {
    if constexpr (doubles::kHasFma) return doubles::sigmoid(a);
    const double z = __builtin_exp(-__builtin_fabs(a));
    return (a < 0.0 ? z : 1.0) / (1.0 + z);
  }
};
// log(1 + e^a) = max(a, 0) + log(1 + e^-|a|)
struct softplus {
  template <typename T>
  static T apply(T a) {
    return (a < T(0) ? T(0) : a) + log1p::apply(exp::apply(a < T(0) ? a : -a));
  }
};
// a s(a), and its derivative s (1 + a (1 - s)). Where s is 0 the result is too, also at -infinity.
struct silu {
  template <typename T>
  static T apply(T a) {
    const T s = sigmoid::apply(a);
    return s == T(0) ? -s : a * s;
  }
};
struct siluSlope {
  template <typename T>
  static T apply(T a) {
    const T s = sigmoid::apply(a), others = sigmoid::apply(-a);
    const T bend = s * others;
    return s + (bend == T(0) ? T(0) : a * bend);
  }
};
// a Phi(a) with the standard normal distribution's Phi, and its derivative Phi(a) + a phi(a).
struct gelu {
  template <typename T>
  static T apply(T a) {
    const T p = distribution(a);
    return p == T(0) ? -p : a * p;
  }
  static float distribution(float a) { return 0.5f + 0.5f * erf::apply(a * 0x1.6a09e6p-1f); }
  static double distribution(double a) { return 0.5 * erfc::apply(a * -0x1.6a09e667f3bcdp-1); }
};
struct geluSlope {
  template <typename T>
  static T apply(T a) {
    const T density = T(0x1.9884533d43651p-2) * exp::apply(T(-0.5) * a * a);
    return gelu::distribution(a) + (density == T(0) ? T(0) : a * density);
  }
};
// a s(2u) with u = sqrt(2 / pi) (a + 0.044715 a^3), which is a (1 + tanh u) / 2; and its derivative
// s + a s (1 - s) 2 u'.
struct geluTanh {
  template <typename T>
  static T twice_u(T a) {
    return T(2 * 0x1.9884533d43651p-1) * (a + T(0.044715) * a * a * a);
  }
  // e^-2u for 2u in [-87, 87]: one exponential and one division an element. Beyond them s is 0 or 1.
  static float exp_of_minus(float v) {
    const float w = 87.0f < v ? 87.0f : v;
    return single::exp_inside(-(w < -87.0f ? -87.0f : w));
  }
  static float apply(float a) {
    const float v = twice_u(a), y = a / (1.0f + exp_of_minus(v));
    return v < -87.0f ? -0.0f : y;
  }
  static double apply(double a) {
    const double s = sigmoid::apply(twice_u(a));
    return s == 0.0 ? -s : a * s;
  }
};
struct geluTanhSlope {
  template <typename T>
  static T slope_of(T a) {
    return T(2 * 0x1.9884533d43651p-1) * (T(1) + T(3 * 0.044715) * a * a);
  }
  // 1 - s = s e^-2u
  static float apply(float a) {
    const float v = geluTanh::twice_u(a), e = geluTanh::exp_of_minus(v), s = 1.0f / (1.0f + e);
    const float y = single::fma(a * (s * (s * e)), slope_of(a), s);
    const float below = v < -87.0f ? 0.0f : y;
    return v > 87.0f ? 1.0f : below;
  }
  static double apply(double a) {
    const double u = geluTanh::twice_u(a), s = sigmoid::apply(u), bend = s * sigmoid::apply(-u);
    return s + (bend == 0.0 ? 0.0 : a * bend * slope_of(a));
  }
};

#undef PALIMPSEST_ROUNDED_FUNCTION
#undef PALIMPSEST_FUNCTION
#undef PALIMPSEST_DOUBLE

}  // namespace formula
}  // namespace
}  // namespace palimpsest
