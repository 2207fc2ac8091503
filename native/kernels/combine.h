#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// Lanes of 64 bytes are passed by inlining alone, so that no calling convention is concerned.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace palimpsest {

// What a reduction does with two values (or two vectors of values). Sums of int32 wrap: they are taken as
// unsigned.
struct Sum {
  template <typename T>
  static T apply(const T& a, const T& b) {
    return a + b;
  }
};
// NaN in either operand gives NaN.
struct Max {
  template <typename T>
  static T apply(const T& a, const T& b) {
    return (a > b) | (a != a) ? a : b;
  }
};
struct Min {
  template <typename T>
  static T apply(const T& a, const T& b) {
    return (a < b) | (a != a) ? a : b;
  }
};

// Rows up to this many are combined one group of eight after the other, more of them by halves: the rounding
// error of a sum grows with the logarithm of the number of rows.
constexpr std::size_t kLeafRows = 32;

// The elements of spare memory that combine_rows needs.
inline std::size_t combine_rows_spare(std::size_t rows, std::size_t width) {
  std::size_t levels = 0;
  for (; rows > kLeafRows; rows = (rows + 1) / 2) ++levels;
  return (levels + 1) * width;
}

// out[j] = row(first)[j] o row(first + 1)[j] o ... for `count` >= 1 rows of `width` elements, in an order
// that depends on the count alone. `out` and `spare` are apart from the rows.
template <typename C, typename T, typename Row>
void combine_rows(const Row& row, std::size_t first, std::size_t count, std::size_t width, T* out, T* spare) {
  if (count > kLeafRows) {
    const std::size_t half = (count / 2 + kLeafRows - 1) / kLeafRows * kLeafRows;
    combine_rows<C>(row, first, half, width, out, spare);
    combine_rows<C>(row, first + half, count - half, width, spare, spare + width);
#pragma GCC ivdep
    for (std::size_t j = 0; j < width; ++j) out[j] = C::apply(out[j], spare[j]);
    return;
  }
  std::size_t r = 1;
  std::memcpy(out, row(first), width * sizeof(T));
  for (; r + 8 <= count; r += 8) {
    const T *a = row(first + r), *b = row(first + r + 1), *c = row(first + r + 2), *d = row(first + r + 3);
    const T *e = row(first + r + 4), *f = row(first + r + 5), *g = row(first + r + 6),
            *h = row(first + r + 7);
#pragma GCC ivdep
    for (std::size_t j = 0; j < width; ++j) {
      const T abcd = C::apply(C::apply(a[j], b[j]), C::apply(c[j], d[j]));
      const T efgh = C::apply(C::apply(e[j], f[j]), C::apply(g[j], h[j]));
      out[j] = C::apply(out[j], C::apply(abcd, efgh));
    }
  }
  for (; r < count; ++r) {
    const T* a = row(first + r);
#pragma GCC ivdep
    for (std::size_t j = 0; j < width; ++j) out[j] = C::apply(out[j], a[j]);
  }
}

// x[0] o x[1] o ... for n >= 1 elements that lie side by side, with 64 bytes of lanes times four. n should be
// a few thousand at most, so that no lane grows long.
template <typename C, typename T>
T combine_run(const T* x, std::size_t n) {
  typedef T Lanes __attribute__((vector_size(64)));
  constexpr std::size_t kLanes = 64 / sizeof(T);
  std::size_t i = 0;
  T lane[kLanes];
  std::size_t used;
  if (n >= 4 * kLanes) {
    Lanes total[4], next[4];
    std::memcpy(total, x, sizeof(total));
    for (i = 4 * kLanes; i + 4 * kLanes <= n; i += 4 * kLanes) {
      std::memcpy(next, x + i, sizeof(next));
      for (int k = 0; k < 4; ++k) total[k] = C::apply(total[k], next[k]);
    }
    total[0] = C::apply(C::apply(total[0], total[1]), C::apply(total[2], total[3]));
    for (; i + kLanes <= n; i += kLanes) {
      std::memcpy(next, x + i, sizeof(Lanes));
      total[0] = C::apply(total[0], next[0]);
    }
    std::memcpy(lane, total, sizeof(lane));
    used = kLanes;
  } else {
    used = n < kLanes ? n : kLanes;
    std::memcpy(lane, x, used * sizeof(T));
    i = used;
  }
  while (i < n) {
    const std::size_t left = n - i < used ? n - i : used;
    for (std::size_t k = 0; k < left; ++k) lane[k] = C::apply(lane[k], x[i + k]);
    i += left;
  }
  while (used > 1) {
    const std::size_t half = (used + 1) / 2;
    for (std::size_t k = 0; k + half < used; ++k) lane[k] = C::apply(lane[k], lane[k + half]);
    used = half;
  }
  return lane[0];
}

}  // namespace palimpsest
