#pragma once

#include <algorithm>
#include <cstddef>

namespace palimpsest {

// How many units (rows, planes, elements) of `work` elementary steps each make one piece of a parallel loop:
// enough to be worth waking a helper for, few enough that cancellation is prompt. It depends on shapes alone,
// never on the number of threads. A double, so that a product of hostile extents cannot wrap.
inline std::size_t units_per_piece(double work) {
  constexpr double kWorkPerPiece = 32768;
  return static_cast<std::size_t>(std::max(1.0, kWorkPerPiece / std::max(work, 1.0)));
}

}  // namespace palimpsest
