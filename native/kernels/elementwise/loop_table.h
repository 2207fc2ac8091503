#pragma once

// The loops over the formulas, as tables. Included by one file per instruction set.

#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "formulas.h"
#include "formulas_division.h"
#include "formulas_math.h"
#include "kernels/vector_loops.h"
#include "loops.h"
#include "operations.h"

namespace palimpsest {
namespace {

// The element types that an operation has loops for.
struct Stored {
  template <typename T>
  static constexpr bool has = true;
};
struct Any {
  template <typename T>
  static constexpr bool has = !is_half<T>;
};
struct Arithmetic {
  template <typename T>
  static constexpr bool has = !is_half<T> && !__is_same(T, bool);
};
struct Numbers {
  template <typename T>
  static constexpr bool has = !is_half<T> && sizeof(T) > 1;
};
struct Floats {
  template <typename T>
  static constexpr bool has = __is_same(T, float) || __is_same(T, double);
};
struct Booleans {
  template <typename T>
  static constexpr bool has = __is_same(T, bool);
};

template <typename T>
void fill_loop(std::size_t n, std::byte* out, const std::byte*, const std::byte*, const std::byte*,
               double immediate) {
  const Element<T> value = convert<T, double>(immediate);
  Element<T>* y = reinterpret_cast<Element<T>*>(out);
  for (std::size_t i = 0; i < n; ++i) y[i] = value;
}

template <typename To, typename From>
void cast_loop(std::size_t n, std::byte* out, const std::byte* a, const std::byte*, const std::byte*,
               double) {
  const auto* x = reinterpret_cast<const Element<From>*>(a);
  auto* y = reinterpret_cast<Element<To>*>(out);
  PALIMPSEST_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = convert<To, From>(x[i]);
}

#if defined(__F16C__)
// The processor converts eight (sixteen) numbers at a time, rounding to the nearest and halves to even.
template <>
void cast_loop<float, Float16>(std::size_t n, std::byte* out, const std::byte* a, const std::byte*,
                               const std::byte*, double) {
  const auto* x = reinterpret_cast<const std::uint16_t*>(a);
  auto* y = reinterpret_cast<float*>(out);
  std::size_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
  }
#endif
  for (; i + 8 <= n; i += 8) {
    _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
  }
  for (; i < n; ++i) y[i] = float16_to_float(x[i]);
}

template <>
void cast_loop<Float16, float>(std::size_t n, std::byte* out, const std::byte* a, const std::byte*,
                               const std::byte*, double) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const auto* x = reinterpret_cast<const float*>(a);
  auto* y = reinterpret_cast<std::uint16_t*>(out);
  std::size_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    const __m256i bits = _mm512_cvtps_ph(_mm512_loadu_ps(x + i), kToNearest);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), bits);
  }
#endif
  for (; i + 8 <= n; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), kToNearest));
  }
  for (; i < n; ++i) y[i] = float16_from_float(x[i]);
}
#endif

template <typename F, typename R, typename A>
void unary_loop(std::size_t n, std::byte* out, const std::byte* a, const std::byte*, const std::byte*,
                double) {
  const auto* x = reinterpret_cast<const A*>(a);
  auto* y = reinterpret_cast<R*>(out);
  PALIMPSEST_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = F::apply(x[i]);
}

template <typename F, typename R, typename A>
void binary_loop(std::size_t n, std::byte* out, const std::byte* a, const std::byte* b, const std::byte*,
                 double) {
  const auto* x1 = reinterpret_cast<const A*>(a);
  const auto* x2 = reinterpret_cast<const A*>(b);
  auto* y = reinterpret_cast<R*>(out);
  PALIMPSEST_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = F::apply(x1[i], x2[i]);
}

// A guarded function: elements that are hard are worked out anew, one by one. Their operands are kept,
// because the result may be written over them.
constexpr std::size_t kGuardedRun = 128;

template <typename F, typename T>
void guarded_unary_loop(std::size_t n, std::byte* out, const std::byte* a, const std::byte*, const std::byte*,
                        double) {
  const auto* x = reinterpret_cast<const T*>(a);
  auto* y = reinterpret_cast<T*>(out);
  for (std::size_t begin = 0; begin < n; begin += kGuardedRun) {
    const std::size_t run = n - begin < kGuardedRun ? n - begin : kGuardedRun;
    T kept[kGuardedRun];
    __builtin_memcpy(kept, x + begin, run * sizeof(T));
    T* result = y + begin;
    int hard = 0;
    for (std::size_t i = 0; i < run; ++i) {
      const T value = F::apply(kept[i]);
      hard |= F::is_hard(kept[i], value);
      result[i] = value;
    }
    if (hard == 0) continue;
    for (std::size_t i = 0; i < run; ++i) {
      if (F::is_hard(kept[i], result[i])) result[i] = F::hard(kept[i]);
    }
  }
}

template <typename F, typename T>
void guarded_binary_loop(std::size_t n, std::byte* out, const std::byte* a, const std::byte* b,
                         const std::byte*, double) {
  const auto* x1 = reinterpret_cast<const T*>(a);
  const auto* x2 = reinterpret_cast<const T*>(b);
  auto* y = reinterpret_cast<T*>(out);
  for (std::size_t begin = 0; begin < n; begin += kGuardedRun) {
    const std::size_t run = n - begin < kGuardedRun ? n - begin : kGuardedRun;
    T kept1[kGuardedRun], kept2[kGuardedRun];
    __builtin_memcpy(kept1, x1 + begin, run * sizeof(T));
    __builtin_memcpy(kept2, x2 + begin, run * sizeof(T));
    T* result = y + begin;
    int hard = 0;
    for (std::size_t i = 0; i < run; ++i) {
      const T value = F::apply(kept1[i], kept2[i]);
      hard |= F::is_hard(kept1[i], kept2[i], value);
      result[i] = value;
    }
    if (hard == 0) continue;
    for (std::size_t i = 0; i < run; ++i) {
      if (F::is_hard(kept1[i], kept2[i], result[i])) result[i] = F::hard(kept1[i], kept2[i]);
    }
  }
}

template <typename F, typename T>
void choice_loop(std::size_t n, std::byte* out, const std::byte* a, const std::byte* b, const std::byte* c,
                 double) {
  const auto* x1 = reinterpret_cast<const std::uint8_t*>(a);
  const auto* x2 = reinterpret_cast<const T*>(b);
  const auto* x3 = reinterpret_cast<const T*>(c);
  auto* y = reinterpret_cast<T*>(out);
  PALIMPSEST_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = F::apply(x1[i], x2[i], x3[i]);
}

template <typename F, int arity, Rule rule, typename Types, typename T>
constexpr Loop loop_for() {
  using E = Element<T>;
  if constexpr (!Types::template has<T> || rule == Rule::cast) {
    return nullptr;
  } else if constexpr (rule == Rule::fill) {
    return fill_loop<T>;
  } else if constexpr (rule == Rule::choose) {
    return choice_loop<F, E>;
  } else {
    using R = Element<std::conditional_t<rule == Rule::compare, bool, T>>;
    if constexpr (arity == 1 && Floats::has<T> && requires { F::hard(T()); })
      return guarded_unary_loop<F, E>;
    else if constexpr (arity == 2 && Floats::has<T> && requires { F::hard(T(), T()); })
      return guarded_binary_loop<F, E>;
    else if constexpr (arity == 1)
      return unary_loop<F, R, E>;
    else
      return binary_loop<F, R, E>;
  }
}

// In the order of DType.
#define PALIMPSEST_ROW(name, arity, rule, types)                      \
  {loop_for<formula::name, arity, Rule::rule, types, float>(),        \
   loop_for<formula::name, arity, Rule::rule, types, double>(),       \
   loop_for<formula::name, arity, Rule::rule, types, std::int32_t>(), \
   loop_for<formula::name, arity, Rule::rule, types, std::uint8_t>(), \
   loop_for<formula::name, arity, Rule::rule, types, bool>(),         \
   loop_for<formula::name, arity, Rule::rule, types, BFloat16>(),     \
   loop_for<formula::name, arity, Rule::rule, types, Float16>(),      \
   loop_for<formula::name, arity, Rule::rule, types, std::int64_t>()},
constexpr Loop kOperationLoops[][kDTypeCount] = {PALIMPSEST_ELEMENTWISE_OPERATIONS(PALIMPSEST_ROW)};
#undef PALIMPSEST_ROW

#define PALIMPSEST_CASTS(From)                                                     \
  {cast_loop<float, From>, cast_loop<double, From>, cast_loop<std::int32_t, From>, \
   cast_loop<std::uint8_t, From>, cast_loop<bool, From>, cast_loop<BFloat16, From>, \
   cast_loop<Float16, From>, cast_loop<std::int64_t, From>}
constexpr Loop kCastLoops[][kDTypeCount] = {PALIMPSEST_CASTS(float), PALIMPSEST_CASTS(double),
                                            PALIMPSEST_CASTS(std::int32_t), PALIMPSEST_CASTS(std::uint8_t),
                                            PALIMPSEST_CASTS(bool), PALIMPSEST_CASTS(BFloat16),
                                            PALIMPSEST_CASTS(Float16), PALIMPSEST_CASTS(std::int64_t)};
#undef PALIMPSEST_CASTS

}  // namespace
}  // namespace palimpsest
