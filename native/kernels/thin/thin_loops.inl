// Included by one file per instruction set, with the precautions of lanes.h.
#include "core/half.h"
#include "kernels/lanes.h"
#include "thin_loops.h"

namespace palimpsest::thin {
namespace {

constexpr std::size_t kRowsAdded = 8;  // at once: streams that the processor's prefetching follows

// A whole vector of 16-bit floats as floats.
inline __attribute__((always_inline)) Vector<float> widened(const BFloat16* row) {
  typedef std::uint16_t Bits __attribute__((vector_size(kVectorBytes / 2)));
  Bits bits;
  __builtin_memcpy(&bits, row, sizeof(bits));
  return (Vector<float>)(__builtin_convertvector(bits, Vector<std::uint32_t>) << 16);
}

inline __attribute__((always_inline)) Vector<float> widened(const Float16* row) {
#if defined(__AVX512F__)
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row)));
#elif defined(__F16C__)
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
#else
  float lanes[kLanes<float>];
  for (std::size_t i = 0; i < kLanes<float>; ++i) lanes[i] = float16_to_float(row[i].bits);
  Vector<float> v;
  __builtin_memcpy(&v, lanes, kVectorBytes);
  return v;
#endif
}

// Elements of a row as a vector of T.
template <typename T, typename E, typename At>
inline __attribute__((always_inline)) Vector<T> loaded(const At& at, const E* row) {
  if constexpr (__is_same(T, E)) {
    return at(row);
  } else if constexpr (__is_same(At, WholeVector)) {
    return widened(row + at.index);
  } else {
    E part[kLanes<T>] = {};
    for (std::size_t i = 0; i < at.count; ++i) part[i] = row[at.index + i];
    return widened(part);
  }
}

// Adds kRows rows of the large matrix from row `k` on, times their numbers.
template <typename T, typename E, std::size_t kHeight, std::size_t kRows>
inline void add_some_rows(const Piece<T, E>& piece, std::size_t k) {
  const Piece<T, E> p = piece;  // which the stores below cannot change
  const E* const rows = p.large + k * p.large_step;
  for_each_vector<T>(p.width, [&](auto at) __attribute__((always_inline)) {
    Vector<T> row[kRows];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      row[r] = loaded<T>(at, rows + r * p.large_step);
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

template <typename T, typename E, std::size_t kHeight>
void add_rows(const Piece<T, E>& p) {
  std::size_t k = 0;
  for (; k + kRowsAdded <= p.depth; k += kRowsAdded) add_some_rows<T, E, kHeight, kRowsAdded>(p, k);
  for (; k < p.depth; ++k) add_some_rows<T, E, kHeight, 1>(p, k);
}

template <typename T, typename E, std::size_t kHeight, std::size_t kRows>
inline void multiply_some_rows(const Piece<T, E>& p, std::size_t row) {
  const E* const rows = p.large + row * p.large_step;
  Vector<T> sums[kHeight][kRows] = {};
  for_each_vector<T>(p.depth, [&](auto at) __attribute__((always_inline)) {
    Vector<T> large[kRows];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) large[r] = loaded<T>(at, rows + r * p.large_step);
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

template <typename T, typename E, std::size_t kHeight>
void multiply_rows(const Piece<T, E>& p) {
  // As many sums as there are registers for.
#if defined(__AVX512F__)
  constexpr std::size_t kRows = kHeight < 4 ? 8 / kHeight : 24 / kHeight;
#else
  constexpr std::size_t kRows = 8 / kHeight;
#endif
  std::size_t row = 0;
  for (; row + kRows <= p.width; row += kRows) multiply_some_rows<T, E, kHeight, kRows>(p, row);
  for (; row < p.width; ++row) multiply_some_rows<T, E, kHeight, 1>(p, row);
}

template <typename T, typename E>
constexpr ThinLoops<T, E> kThinLoops = {
    {add_rows<T, E, 1>, add_rows<T, E, 2>, add_rows<T, E, 4>, add_rows<T, E, 8>},
    {multiply_rows<T, E, 1>, multiply_rows<T, E, 2>, multiply_rows<T, E, 4>, multiply_rows<T, E, 8>}};

}  // namespace
}  // namespace palimpsest::thin
