#pragma once

#include <algorithm>
#include <cstddef>

#include "core/pool.h"

namespace palimpsest {

// How many units (rows, planes, elements) of `work` elementary steps each make one piece of a parallel loop:
// enough to be worth waking a helper for, few enough that cancellation is prompt. It depends on shapes alone,
// never on the number of threads. A double, so that a product of hostile extents cannot wrap.
inline std::size_t units_per_piece(double work) {
  constexpr double kWorkPerPiece = 32768;
  return static_cast<std::size_t>(std::max(1.0, kWorkPerPiece / std::max(work, 1.0)));
}

// Runs body(unit) for every unit in [0, count), in parallel pieces.
template <typename Body>
void for_each_unit(const Workers& workers, std::size_t count, double work, Body&& body) {
  workers.parallel_range(count, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    for (std::size_t unit = begin; unit < end; ++unit) body(unit);
  });
}

// Runs body(plane, row) for every row of every plane, in parallel pieces of rows. One division for a piece, not for
// every row: short rows take less time than that.
template <typename Body>
void for_each_row(const Workers& workers, std::size_t planes, std::size_t rows, double work, Body&& body) {
  workers.parallel_range(planes * rows, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    std::size_t plane = begin / rows, row = begin % rows;
    for (std::size_t unit = begin; unit < end; ++unit) {
      body(plane, row);
      if (++row == rows) ++plane, row = 0;
    }
  });
}

}  // namespace palimpsest
