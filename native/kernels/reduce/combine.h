#pragma once

#include <cstddef>
#include <cstring>

#include "loops.h"

namespace palimpsest {

// Rows up to this many are combined one group of eight after the other, more of them by halves: the rounding
// error of a sum grows with the logarithm of the number of rows.
constexpr std::size_t kLeafRows = 32;

// The elements of spare memory that combine_rows needs.
inline std::size_t combine_rows_spare(std::size_t rows, std::size_t width) {
  std::size_t levels = 1;
  for (; rows > kLeafRows; rows = (rows + 1) / 2) ++levels;
  return levels * width;
}

// out[j] = row(first)[j] o row(first + 1)[j] o ... for `count` >= 1 rows of `width` elements, in an order
// that depends on the count alone. `out` and `spare` are apart from the rows.
template <typename T, typename Row>
void combine_rows(const RowLoops<T>& loops, const Row& row, std::size_t first, std::size_t count,
                  std::size_t width, T* out, T* spare) {
  if (count > kLeafRows) {
    const std::size_t half = (count / 2 + kLeafRows - 1) / kLeafRows * kLeafRows;
    combine_rows(loops, row, first, half, width, out, spare);
    combine_rows(loops, row, first + half, count - half, width, spare, spare + width);
    loops.one(width, out, spare);
    return;
  }
  std::memcpy(out, row(first), width * sizeof(T));
  std::size_t r = 1;
  for (; r + 8 <= count; r += 8) {
    const T* rows[8];
    for (std::size_t k = 0; k < 8; ++k) rows[k] = row(first + r + k);
    loops.eight(width, out, rows);
  }
  for (; r < count; ++r) loops.one(width, out, row(first + r));
}

// x[0] o x[1] o ... for n >= 1 elements, by halves.
template <typename T>
T combine_halves(const RowLoops<T>& loops, std::size_t n, const T* x) {
  if (n == 1) return x[0];
  const T halves[] = {combine_halves(loops, n / 2, x), combine_halves(loops, n - n / 2, x + n / 2)};
  return loops.run(2, halves);
}

}  // namespace palimpsest
