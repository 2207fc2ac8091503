#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/pool.h"

namespace palimpsest {

[[noreturn]] inline void refuse_indices(const char* kernel, const std::int32_t* indices,
                                        std::int64_t extent) {
  std::int64_t position = 0;
  while (indices[position] >= 0 && indices[position] < extent) ++position;
  throw Error("ERR_INDEX", std::string(kernel) + ": index " + std::to_string(indices[position]) +
                               " at position " + std::to_string(position) + " is outside [0, " +
                               std::to_string(extent) + ")");
}

inline bool is_any_outside(const std::int32_t* indices, std::size_t begin, std::size_t end,
                           std::int64_t extent) {
  // Below zero is far above any extent when taken as unsigned.
  const auto limit = static_cast<std::uint32_t>(std::min(extent, std::int64_t{1} << 31));
  std::uint32_t is_outside = 0;
  for (std::size_t i = begin; i < end; ++i) is_outside |= static_cast<std::uint32_t>(indices[i]) >= limit;
  return is_outside != 0;
}

// Every index is looked at before the first one is used: they come from data, which nobody has checked.
inline void check_indices(const char* kernel, const std::int32_t* indices, std::int64_t count,
                          std::int64_t extent) {
  if (is_any_outside(indices, 0, static_cast<std::size_t>(count), extent)) {
    refuse_indices(kernel, indices, extent);
  }
}

// The same by all threads. The first wrong index is reported, whichever is found first.
inline void check_indices(const Workers& workers, const char* kernel, const std::int32_t* indices,
                          std::int64_t count, std::int64_t extent) {
  constexpr std::size_t kAtOnce = std::size_t{1} << 17;
  std::atomic<bool> is_outside = false;
  workers.parallel_range(static_cast<std::size_t>(count), kAtOnce, [&](std::size_t begin, std::size_t end) {
    if (is_any_outside(indices, begin, end, extent)) is_outside = true;
  });
  if (is_outside) refuse_indices(kernel, indices, extent);
}

}  // namespace palimpsest
