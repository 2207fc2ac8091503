// Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "thin_loops.h"

namespace palimpsest::thin {
namespace {

constexpr std::size_t kRowsAdded = 8;  // at once: streams that the processor's prefetching follows

// Adds kRows rows of the large matrix from row `k` on, times their numbers.
template <typename T, std::size_t kHeight, std::size_t kRows>
inline void add_some_rows(const Piece<T>& piece, std::size_t k) {
  const Piece<T> p = piece;  // which the stores below cannot change
  const T* const rows = p.large + k * p.large_step;
  for_each_vector<T>(p.width, [&](auto at) __attribute__((always_inline)) {
    Vector<T> row[kRows];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      row[r] = at(rows + r * p.large_step);
      __builtin_prefetch(rows + (r + kRows) * p.large_step + at.index);
    }
#pragma GCC unroll 8
    for (std::size_t m = 0; m < kHeight; ++m) {
      const T* const numbers = p.thin + m * p.thin_step + k;
      Vector<T> sum = at(p.out + m * p.out_step);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) sum += numbers[r] * row[r];
      at.put(p.out + m * p.out_step, sum);
    }
  });
}

template <typename T, std::size_t kHeight>
void add_rows(const Piece<T>& p) {
  std::size_t k = 0;
  for (; k + kRowsAdded <= p.depth; k += kRowsAdded) add_some_rows<T, kHeight, kRowsAdded>(p, k);
  for (; k < p.depth; ++k) add_some_rows<T, kHeight, 1>(p, k);
}

template <typename T, std::size_t kHeight, std::size_t kRows>
inline void multiply_some_rows(const Piece<T>& p, std::size_t row) {
  const T* const rows = p.large + row * p.large_step;
  Vector<T> sums[kHeight][kRows] = {};
  for_each_vector<T>(p.depth, [&](auto at) __attribute__((always_inline)) {
    Vector<T> large[kRows];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) large[r] = at(rows + r * p.large_step);
#pragma GCC unroll 8
    for (std::size_t m = 0; m < kHeight; ++m) {
      const Vector<T> thin = at(p.thin + m * p.thin_step);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) sums[m][r] += thin * large[r];
    }
  });
  for (std::size_t m = 0; m < kHeight; ++m) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) p.out[m * p.out_step + row + r] = sum_of_lanes<T>(sums[m][r]);
  }
}

template <typename T, std::size_t kHeight>
void multiply_rows(const Piece<T>& p) {
  // As many sums as there are registers for.
#if defined(__AVX512F__)
  constexpr std::size_t kRows = kHeight < 4 ? 8 / kHeight : 24 / kHeight;
#else
  constexpr std::size_t kRows = 8 / kHeight;
#endif
  std::size_t row = 0;
  for (; row + kRows <= p.width; row += kRows) multiply_some_rows<T, kHeight, kRows>(p, row);
  for (; row < p.width; ++row) multiply_some_rows<T, kHeight, 1>(p, row);
}

template <typename T>
constexpr ThinLoops<T> kThinLoops = {
    {add_rows<T, 1>, add_rows<T, 2>, add_rows<T, 4>, add_rows<T, 8>},
    {multiply_rows<T, 1>, multiply_rows<T, 2>, multiply_rows<T, 4>, multiply_rows<T, 8>}};

}  // namespace
}  // namespace palimpsest::thin
