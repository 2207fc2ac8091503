#pragma once

#include <cstddef>
#include <cstdint>

namespace palimpsest {

// What a reduction does with two values. Sums and products of integers wrap around; max and min with a NaN are
// NaN.
enum class Combine { sum, max, min, prod };
constexpr std::size_t kCombineCount = 4;

// The innermost loops of one reduction. Which element meets which is the same for every instruction set, so
// the results are the same bits.
template <typename T>
struct RowLoops {
  // x[0] o x[1] o ... for n >= 1 elements, in up to 64 lanes: n should be a few thousand at most.
  T (*run)(std::size_t n, const T* x);
  // out[j] = out[j] o row[j], and the same for eight rows at once.
  void (*one)(std::size_t width, T* out, const T* row);
  void (*eight)(std::size_t width, T* out, const T* const* rows);
};

// The loops of one instruction set, indexed by Combine.
struct ReduceLoops {
  RowLoops<float> f32[kCombineCount];
  RowLoops<double> f64[kCombineCount];
  RowLoops<std::int32_t> i32[kCombineCount];
  RowLoops<std::int64_t> i64[kCombineCount];
  RowLoops<std::uint8_t> u8[kCombineCount];  // max and min only
};

extern const ReduceLoops kBaselineReduceLoops;
#if defined(__x86_64__)
extern const ReduceLoops kAvx2ReduceLoops;
extern const ReduceLoops kAvx512ReduceLoops;
#endif

// The loops for this processor.
const ReduceLoops& reduce_loops();

template <typename T>
const RowLoops<T>& row_loops(Combine combine) {
  const auto which = static_cast<std::size_t>(combine);
  if constexpr (sizeof(T) == 1) {
    return reduce_loops().u8[which];
  } else if constexpr (sizeof(T) == 8 && static_cast<T>(0.5) == 0) {
    return reduce_loops().i64[which];
  } else if constexpr (sizeof(T) == 8) {
    return reduce_loops().f64[which];
  } else if constexpr (static_cast<T>(0.5) == 0) {
    return reduce_loops().i32[which];
  } else {
    return reduce_loops().f32[which];
  }
}

}  // namespace palimpsest
