#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/error.h"

namespace palimpsest {

// Every index is looked at before the first one is used: they come from data, which nobody has checked.
inline void check_indices(const char* kernel, const std::int32_t* indices, std::int64_t count,
                          std::int64_t extent) {
  // Below zero is far above any extent when taken as unsigned.
  const auto limit = static_cast<std::uint32_t>(std::min(extent, std::int64_t{1} << 31));
  std::uint32_t is_outside = 0;
  for (std::int64_t i = 0; i < count; ++i) is_outside |= static_cast<std::uint32_t>(indices[i]) >= limit;
  if (is_outside == 0) return;
  std::int64_t position = 0;
  while (indices[position] >= 0 && indices[position] < extent) ++position;
  throw Error("ERR_INDEX", std::string(kernel) + ": index " + std::to_string(indices[position]) +
                               " at position " + std::to_string(position) + " is outside [0, " +
                               std::to_string(extent) + ")");
}

}  // namespace palimpsest
