#pragma once

#include <cstddef>
#include <cstdint>

namespace palimpsest {

// The loops of depthwise convolutions over one padded plane, for one element type and one instruction set.
// `offsets` says where the taps of a window lie in the plane, seen from its corner; rows of the plane are
// `step` apart, those of the result follow one another.
template <typename T>
struct TapLoops {
  // out[r, i] = start + sum_t weights[t] plane[r step + offsets[t] + i]
  void (*correlate)(const T* plane, std::ptrdiff_t step, const std::ptrdiff_t* offsets, const T* weights,
                    std::size_t taps, T start, std::size_t rows, std::size_t width, T* out);
  // sums[t] += sum_(r, i) g[r, i] plane[r step + offsets[t] + i]
  void (*products)(const T* plane, std::ptrdiff_t step, const std::ptrdiff_t* offsets, std::size_t taps,
                   const T* g, std::size_t rows, std::size_t width, double* sums);
};

struct TapLoopSet {
  TapLoops<float> single;
  TapLoops<double> twice;

  template <typename T>
  const TapLoops<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return single;
    } else {
      return twice;
    }
  }
};

extern const TapLoopSet kBaselineTapLoops;
#if defined(__x86_64__)
extern const TapLoopSet kAvx2TapLoops;
extern const TapLoopSet kAvx512TapLoops;
#endif

// The loops for this processor.
const TapLoopSet& tap_loops();

// Elements that `correlate` may read behind the last one it needs.
constexpr std::size_t kTapSlack = 64;

}  // namespace palimpsest
