// The tap loops of one instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "tap_loops.h"

namespace palimpsest {
namespace {

// A few vectors of neighbours at once, so that a weight is loaded once for all of them.
template <std::size_t kVectors, typename T>
inline void correlate_vectors(const T* plane, const std::ptrdiff_t* offsets, const T* weights,
                              std::size_t taps, T start, Vector<T> (&sum)[kVectors]) {
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = splat(start);
  for (std::size_t t = 0; t < taps; ++t) {
    const Vector<T> weight = splat(weights[t]);
    const T* cells = plane + offsets[t];
    for (std::size_t v = 0; v < kVectors; ++v) sum[v] += weight * WholeVector{v * kLanes<T>}(cells);
  }
}

template <typename T>
void correlate_taps(const T* plane, std::ptrdiff_t step, const std::ptrdiff_t* offsets, const T* weights,
                    std::size_t taps, T start, std::size_t rows, std::size_t width, T* out) {
  constexpr std::size_t kVectors = 4, kBlock = kVectors * kLanes<T>;
  for (std::size_t r = 0; r < rows; ++r, plane += step, out += width) {
    std::size_t i = 0;
    for (; i + kBlock <= width; i += kBlock) {
      Vector<T> sum[kVectors];
      correlate_vectors<kVectors>(plane + i, offsets, weights, taps, start, sum);
      for (std::size_t v = 0; v < kVectors; ++v) WholeVector{i + v * kLanes<T>}.put(out, sum[v]);
    }
    for (; i < width; i += kLanes<T>) {
      Vector<T> sum[1];
      correlate_vectors<1>(plane + i, offsets, weights, taps, start, sum);
      if (i + kLanes<T> <= width) {
        WholeVector{i}.put(out, sum[0]);
      } else {
        PartOfVector{i, width - i}.put(out, sum[0]);
      }
    }
  }
}

// So many taps at once have their sums in registers.
template <std::size_t kTaps, typename T>
inline void products_of(const T* plane, std::ptrdiff_t step, const std::ptrdiff_t* offsets, const T* g,
                        std::size_t rows, std::size_t width, double* sums) {
  Vector<T> total[kTaps] = {};
  for (std::size_t r = 0; r < rows; ++r, plane += step, g += width) {
    for_each_vector<T>(width, [&](auto at) {
      const Vector<T> own = at(g);
      for (std::size_t t = 0; t < kTaps; ++t) total[t] += own * at(plane + offsets[t]);
    });
  }
  for (std::size_t t = 0; t < kTaps; ++t) sums[t] += sum_of_lanes<T>(total[t]);
}

template <typename T>
void tap_products(const T* plane, std::ptrdiff_t step, const std::ptrdiff_t* offsets, std::size_t taps,
                  const T* g, std::size_t rows, std::size_t width, double* sums) {
  std::size_t t = 0;
  for (; t + 9 <= taps; t += 9) products_of<9>(plane, step, offsets + t, g, rows, width, sums + t);
  for (; t + 3 <= taps; t += 3) products_of<3>(plane, step, offsets + t, g, rows, width, sums + t);
  for (; t < taps; ++t) products_of<1>(plane, step, offsets + t, g, rows, width, sums + t);
}

template <typename T>
constexpr TapLoops<T> kTapLoopsOf = {correlate_taps<T>, tap_products<T>};

}  // namespace
}  // namespace palimpsest
