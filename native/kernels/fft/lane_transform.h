#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace palimpsest::fft {

// Fourier transforms of many lines of one length at a time: element i of line l is the real part
// x[2 * i * kLines + l] and the imaginary part x[(2 * i + 1) * kLines + l], so that a vector holds one
// element of many lines and every step is a vector instruction.
template <typename T>
constexpr std::size_t kLines = 64 / sizeof(T);

// Both buffers of longer lines would not fit the second-level cache.
constexpr std::int64_t kLongestLine = 4096;
// Prime factors up to this are transformed by the definition.
constexpr std::size_t kLargestRadix = 50;

// One step of Stockham's algorithm (Cochran and others 1967), which needs no reordering:
// y[q + s (r p + k)] = w^(p k) sum_j x[q + s (p + j m)] u^(j k) for p < m and q < s, with u and w the roots
// of unity of orders r and r m.
template <typename T>
struct Stage {
  std::size_t radix, m, s;
  const T* turns;  // [m, radix - 1]: w^(p k) for k from 1 on, as pairs
  const T* roots;  // [radix]: u^j, as pairs
};

template <typename T>
struct LaneLoops {
  // Runs a stage from x to y.
  void (*run)(const Stage<T>& stage, const T* x, T* y);
  static const LaneLoops baseline, avx2, avx512;
};

template <typename T>
const LaneLoops<T>& lane_loops();

// The tables of one length and direction; read by all threads.
template <typename T>
class LanePlan {
 public:
  LanePlan(std::int64_t length, bool inverse);

  // Transforms the lines in x; the result is where the returned pointer says, in x or in `spare`.
  T* run(T* x, T* spare) const;

 private:
  std::vector<Stage<T>> stages_;
  std::vector<T> tables_;
};

// Whether so many lines of a length are better transformed together.
bool is_for_lanes(std::int64_t length, std::int64_t lines);

}  // namespace palimpsest::fft
