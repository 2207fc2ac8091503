#pragma once

#include <cstddef>
#include <cstdint>

namespace palimpsest {

// Windows of one pooled row of which every tap is a cell of the plane.
template <typename T>
struct InnerWindows {
  const T* plane;
  std::int32_t first;  // the first cell of the first window, counted in the plane
  std::int32_t width;  // of the plane
  std::int32_t rows, columns;  // of a window
  std::int32_t stride;         // from one window to the next
  std::size_t count;
};

template <typename T>
struct MaxPoolLoops {
  // The largest cell of each window and its place in the plane: of equal ones the first, and NaN beats all.
  void (*largest)(const InnerWindows<T>& windows, T* out, std::int32_t* places);
  // One row of the unpooled plane, from cell `first` on, under windows of two columns side by side: a cell
  // takes what comes back for its window if it was the largest.
  void (*pull_pairs)(std::size_t windows, const T* g, const std::int32_t* places, std::int32_t first, T* out);
};

struct MaxPoolLoopSet {
  MaxPoolLoops<float> single;
  MaxPoolLoops<double> twice;

  template <typename T>
  const MaxPoolLoops<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return single;
    } else {
      return twice;
    }
  }
};

extern const MaxPoolLoopSet kBaselineMaxPoolLoops;
#if defined(__x86_64__)
extern const MaxPoolLoopSet kAvx2MaxPoolLoops;
extern const MaxPoolLoopSet kAvx512MaxPoolLoops;
#endif

// The loops for this processor.
const MaxPoolLoopSet& max_pool_loops();

}  // namespace palimpsest
