#pragma once

// Vectors as wide as the instruction set of the file that includes this, with loads and stores of parts of a
// vector for the ends of rows. Included by one file per instruction set: everything here has internal linkage
// and calls no inline function of the standard library, because a copy of it made of newer instructions must
// not end up in the common code.

#include <cstddef>
#include <cstdint>
#include <utility>

// First of all: GCC puts no function inline into one with other settings of floating point, and a row would
// be a call for every vector.
#include "kernels/vector_loops.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace palimpsest {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr std::size_t kVectorBytes = 32;
#else
constexpr std::size_t kVectorBytes = 16;
#endif

template <typename T>
constexpr std::size_t kLanes = kVectorBytes / sizeof(T);

template <typename T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <typename T>
using Vector = typename VectorOf<T>::type;

template <typename T>
inline Vector<T> splat(T value) {
  return value - Vector<T>{};
}

// A whole vector of a row, from element `index` on. Stands beside PartOfVector, so that a loop is written
// once for both.
struct WholeVector {
  std::size_t index;

  template <typename T>
  Vector<T> operator()(const T* row, T = T(0)) const {
    Vector<T> v;
    __builtin_memcpy(&v, row + index, kVectorBytes);
    return v;
  }
  template <typename T>
  void put(T* row, Vector<T> v) const {
    __builtin_memcpy(row + index, &v, kVectorBytes);
  }
  // Past the caches, where the processor can; the address must be aligned to a whole vector.
  template <typename T>
  void stream(T* row, Vector<T> v) const {
#if defined(__AVX512F__)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(row + index), __builtin_bit_cast(__m512i, v));
#elif defined(__AVX__)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(row + index), __builtin_bit_cast(__m256i, v));
#elif defined(__SSE2__)
    _mm_stream_si128(reinterpret_cast<__m128i*>(row + index), __builtin_bit_cast(__m128i, v));
#else
    put(row, v);
#endif
  }
};

// The last `count` elements of a row, no more than a vector holds; the other lanes read as `fill`.
struct PartOfVector {
  std::size_t index;
  std::size_t count;

#if defined(__AVX512F__)
  __mmask16 mask() const { return static_cast<__mmask16>((1u << count) - 1); }

  Vector<float> operator()(const float* row, float fill = 0) const {
    return _mm512_mask_loadu_ps(splat(fill), mask(), row + index);
  }
  Vector<double> operator()(const double* row, double fill = 0) const {
    return _mm512_mask_loadu_pd(splat(fill), static_cast<__mmask8>(mask()), row + index);
  }
  Vector<std::int32_t> operator()(const std::int32_t* row, std::int32_t fill = 0) const {
    return __builtin_bit_cast(
        Vector<std::int32_t>,
        _mm512_mask_loadu_epi32(__builtin_bit_cast(__m512i, splat(fill)), mask(), row + index));
  }
  void put(float* row, Vector<float> v) const { _mm512_mask_storeu_ps(row + index, mask(), v); }
  void put(std::int32_t* row, Vector<std::int32_t> v) const {
    _mm512_mask_storeu_epi32(row + index, mask(), __builtin_bit_cast(__m512i, v));
  }
  void put(double* row, Vector<double> v) const {
    _mm512_mask_storeu_pd(row + index, static_cast<__mmask8>(mask()), v);
  }
#else
  template <typename T>
  Vector<T> operator()(const T* row, T fill = T(0)) const {
    T lanes[kLanes<T>];
    for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = i < count ? row[index + i] : fill;
    Vector<T> v;
    __builtin_memcpy(&v, lanes, kVectorBytes);
    return v;
  }
  template <typename T>
  void put(T* row, Vector<T> v) const {
    T lanes[kLanes<T>];
    __builtin_memcpy(lanes, &v, kVectorBytes);
    for (std::size_t i = 0; i < count; ++i) row[index + i] = lanes[i];
  }
#endif

  template <typename T>
  void stream(T* row, Vector<T> v) const {
    put(row, v);
  }
};

// Asks for what a loop reads `distance` elements later: the next row while this one is computed. The processor itself
// fetches ahead within a page only, and rows are shorter. Nothing happens where there is no memory.
template <typename At, typename T>
inline void fetch_ahead(At at, const T* row, std::size_t distance) {
  __builtin_prefetch(row + at.index + distance);
}

// To be called after the last stream(): other threads see ordinary stores in order, but not streamed ones.
inline void end_of_streaming() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// Calls body(at) for each vector of a row of n elements; `at` reads and writes rows there: at(x), at(x,
// fill), at.put(y, v).
template <typename T, typename Body>
inline void for_each_vector(std::size_t n, Body&& body) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) body(WholeVector{i});
  if (i < n) body(PartOfVector{i, n - i});
}

// The same in turn for two accumulators, of which neither waits for the other: body(at, 0) and body(at, 1).
template <typename T, typename Body>
inline void for_each_vector_in_turn(std::size_t n, Body&& body) {
  std::size_t i = 0;
  for (; i + 2 * kLanes<T> <= n; i += 2 * kLanes<T>) {
    body(WholeVector{i}, 0);
    body(WholeVector{i + kLanes<T>}, 1);
  }
  if (i + kLanes<T> <= n) {
    body(WholeVector{i}, 0);
    i += kLanes<T>;
  }
  if (i < n) body(PartOfVector{i, n - i}, 1);
}

// The vector with lanes `distance` apart exchanged.
template <typename T, std::size_t distance, std::size_t... lane>
inline Vector<T> exchanged(Vector<T> v, std::index_sequence<lane...>) {
  return __builtin_shufflevector(v, v, (lane ^ distance)...);
}

// All lanes of a vector combined into one value, pairwise: the same tree on every run.
template <typename T, std::size_t distance = kLanes<T> / 2, typename Combine>
inline T combine_lanes(Vector<T> v, Combine&& combine) {
  v = combine(v, exchanged<T, distance>(v, std::make_index_sequence<kLanes<T>>()));
  if constexpr (distance == 1) {
    return v[0];
  } else {
    return combine_lanes<T, distance / 2>(v, combine);
  }
}

template <typename T>
inline T sum_of_lanes(Vector<T> v) {
  return combine_lanes<T>(v, [](Vector<T> a, Vector<T> b) { return a + b; });
}

template <typename T>
inline T largest_lane(Vector<T> v) {
  return combine_lanes<T>(v, [](Vector<T> a, Vector<T> b) { return a > b ? a : b; });
}

inline float root_of(float x) { return __builtin_sqrtf(x); }
inline double root_of(double x) { return __builtin_sqrt(x); }

// The square root of each lane, in the form of a loop that the compiler turns into one instruction.
template <typename T>
inline Vector<T> root_of_lanes(Vector<T> v) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &v, kVectorBytes);
  for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = root_of(lanes[i]);
  __builtin_memcpy(&v, lanes, kVectorBytes);
  return v;
}

// Half the lanes of a vector in double precision, and the way back.
typedef float HalfVector __attribute__((vector_size(kVectorBytes / 2)));

template <std::size_t first, std::size_t... lane>
inline Vector<double> widened(Vector<float> v, std::index_sequence<lane...>) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, (first + lane)...), Vector<double>);
}
inline Vector<double> low_half(Vector<float> v) {
  return widened<0>(v, std::make_index_sequence<kLanes<double>>());
}
inline Vector<double> high_half(Vector<float> v) {
  return widened<kLanes<double>>(v, std::make_index_sequence<kLanes<double>>());
}

template <std::size_t... lane>
inline Vector<float> joined(HalfVector low, HalfVector high, std::index_sequence<lane...>) {
  return __builtin_shufflevector(low, high, lane...);
}
inline Vector<float> narrowed(Vector<double> low, Vector<double> high) {
  return joined(__builtin_convertvector(low, HalfVector), __builtin_convertvector(high, HalfVector),
                std::make_index_sequence<kLanes<float>>());
}

// Adds up several quantities over a row: terms(at, sums) adds those of one vector to sums[0], sums[1], ...
// Short runs go to several vectors of partial sums, and the runs are added in double precision, so that
// errors do not grow with n.
template <typename T, std::size_t kSums, typename Terms>
inline void add_up(std::size_t n, double (&totals)[kSums], Terms&& terms) {
  constexpr std::size_t kChains = 4, kStride = kChains * kLanes<T>, kRun = 2048;
  for (std::size_t k = 0; k < kSums; ++k) totals[k] = 0;
  for (std::size_t begin = 0; begin < n; begin += kRun) {
    const std::size_t end = n - begin < kRun ? n : begin + kRun;
    Vector<T> sums[kChains][kSums] = {};
    std::size_t i = begin;
    for (; i + kStride <= end; i += kStride) {
      for (std::size_t c = 0; c < kChains; ++c) terms(WholeVector{i + c * kLanes<T>}, sums[c]);
    }
    for (; i + kLanes<T> <= end; i += kLanes<T>) terms(WholeVector{i}, sums[0]);
    if (i < end) terms(PartOfVector{i, end - i}, sums[1]);
    for (std::size_t k = 0; k < kSums; ++k) {
      totals[k] += sum_of_lanes<T>((sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]));
    }
  }
}

}  // namespace
}  // namespace palimpsest
