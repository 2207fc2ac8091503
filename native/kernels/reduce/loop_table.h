#pragma once

// The loops behind RowLoops. Included by one file per instruction set; everything has internal linkage, and
// nothing calls an inline function of the standard library, because a copy of it made of newer instructions
// must not end up in the common code.

#include "kernels/lanes.h"
#include "kernels/vector_loops.h"
#include "loops.h"

namespace palimpsest {
namespace {

// Each works on scalars and on vectors: by reference, because not every vector can be passed to a function.
#define PALIMPSEST_INLINE inline __attribute__((always_inline))
struct Sum {
  template <typename T>
  static PALIMPSEST_INLINE void apply(T& a, const T& b) {
    a = a + b;
  }
};
struct Prod {
  template <typename T>
  static PALIMPSEST_INLINE void apply(T& a, const T& b) {
    a = a * b;
  }
};
struct Max {
  template <typename T>
  static PALIMPSEST_INLINE void apply(T& a, const T& b) {
    const auto keeps = (a > b) | (a != a);
    a = keeps ? a : b;
  }
};
struct Min {
  template <typename T>
  static PALIMPSEST_INLINE void apply(T& a, const T& b) {
    const auto keeps = (a < b) | (a != a);
    a = keeps ? a : b;
  }
};
#undef PALIMPSEST_INLINE

// In lanes of `bytes` together: element i goes to lane i modulo their number, then they are folded by halves.
template <typename C, typename T, std::size_t bytes>
T run_lanes(std::size_t n, const T* x) {
  constexpr std::size_t kAll = bytes / sizeof(T), kVectors = bytes / kVectorBytes;
  Vector<T> total[kVectors], next;
  __builtin_memcpy(total, x, bytes);
  std::size_t i = kAll;
  for (; i + kAll <= n; i += kAll) {
    for (std::size_t k = 0; k < kVectors; ++k) {
      __builtin_memcpy(&next, x + i + k * kLanes<T>, kVectorBytes);
      C::apply(total[k], next);
    }
  }
  for (std::size_t k = 0; k < kVectors; ++k) {
    if (i + (k + 1) * kLanes<T> > n) continue;
    __builtin_memcpy(&next, x + i + k * kLanes<T>, kVectorBytes);
    C::apply(total[k], next);
  }
  T lane[kAll];
  __builtin_memcpy(lane, total, bytes);
  for (std::size_t k = (n - i) / kLanes<T> * kLanes<T>; i + k < n; ++k) C::apply(lane[k], x[i + k]);
  for (std::size_t half = kAll / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) C::apply(lane[k], lane[k + half]);
  }
  return lane[0];
}

template <typename C, typename T>
T run(std::size_t n, const T* x) {
  if (n >= 256 / sizeof(T)) return run_lanes<C, T, 256>(n, x);
  if (n >= 64 / sizeof(T)) return run_lanes<C, T, 64>(n, x);
  T total = x[0];
  for (std::size_t i = 1; i < n; ++i) C::apply(total, x[i]);
  return total;
}

// out[j] o= row[j] for the elements that make up one V: a vector, or a single T.
template <typename C, typename V, typename T>
void one_row_at(std::size_t j, T* out, const T* row) {
  V total, a;
  __builtin_memcpy(&total, out + j, sizeof(V));
  __builtin_memcpy(&a, row + j, sizeof(V));
  C::apply(total, a);
  __builtin_memcpy(out + j, &total, sizeof(V));
}

template <typename C, typename V, typename T>
void eight_rows_at(std::size_t j, T* out, const T* const* rows) {
  V total, part[8];
  __builtin_memcpy(&total, out + j, sizeof(V));
  for (int r = 0; r < 8; ++r) __builtin_memcpy(&part[r], rows[r] + j, sizeof(V));
  for (int half = 4; half > 0; half /= 2) {
    for (int r = 0; r < half; ++r) C::apply(part[r], part[r + half]);
  }
  C::apply(total, part[0]);
  __builtin_memcpy(out + j, &total, sizeof(V));
}

template <typename C, typename T>
void one_row(std::size_t width, T* out, const T* row) {
  std::size_t j = 0;
  for (; j + kLanes<T> <= width; j += kLanes<T>) one_row_at<C, Vector<T>>(j, out, row);
  for (; j < width; ++j) one_row_at<C, T>(j, out, row);
}

template <typename C, typename T>
void eight_rows(std::size_t width, T* out, const T* const* rows) {
  std::size_t j = 0;
  for (; j + kLanes<T> <= width; j += kLanes<T>) eight_rows_at<C, Vector<T>>(j, out, rows);
  for (; j < width; ++j) eight_rows_at<C, T>(j, out, rows);
}

template <typename C, typename T>
constexpr RowLoops<T> loops_for() {
  return {run<C, T>, one_row<C, T>, eight_rows<C, T>};
}

// Sums and products of integers as those of unsigned numbers, which wrap around.
template <typename C, typename Word, typename T>
T run_words(std::size_t n, const T* x) {
  return static_cast<T>(run<C, Word>(n, reinterpret_cast<const Word*>(x)));
}
template <typename C, typename Word, typename T>
void one_row_of_words(std::size_t width, T* out, const T* row) {
  one_row<C, Word>(width, reinterpret_cast<Word*>(out), reinterpret_cast<const Word*>(row));
}
template <typename C, typename Word, typename T>
void eight_rows_of_words(std::size_t width, T* out, const T* const* rows) {
  const Word* words[8];
  for (int r = 0; r < 8; ++r) words[r] = reinterpret_cast<const Word*>(rows[r]);
  eight_rows<C, Word>(width, reinterpret_cast<Word*>(out), words);
}
template <typename C, typename Word, typename T>
constexpr RowLoops<T> loops_of_words() {
  return {run_words<C, Word, T>, one_row_of_words<C, Word, T>, eight_rows_of_words<C, Word, T>};
}

constexpr ReduceLoops kReduceLoops = {
    {loops_for<Sum, float>(), loops_for<Max, float>(), loops_for<Min, float>(), loops_for<Prod, float>()},
    {loops_for<Sum, double>(), loops_for<Max, double>(), loops_for<Min, double>(), loops_for<Prod, double>()},
    {loops_of_words<Sum, std::uint32_t, std::int32_t>(), loops_for<Max, std::int32_t>(),
     loops_for<Min, std::int32_t>(), loops_of_words<Prod, std::uint32_t, std::int32_t>()},
    {loops_of_words<Sum, std::uint64_t, std::int64_t>(), loops_for<Max, std::int64_t>(),
     loops_for<Min, std::int64_t>(), loops_of_words<Prod, std::uint64_t, std::int64_t>()},
    {{}, loops_for<Max, std::uint8_t>(), loops_for<Min, std::uint8_t>(), {}},
};

}  // namespace
}  // namespace palimpsest
