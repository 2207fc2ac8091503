#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "core/checked.h"
#include "core/kernel.h"

namespace palimpsest {

// The positions at which each number below `extent` stands in a list of checked indices, in ascending order:
// those of v are position[start[v]] ... position[start[v + 1] - 1].
class InverseIndex {
 public:
  InverseIndex(const Call& call, std::size_t extent, std::size_t count, const std::int32_t* index) {
    call.expect(count <= std::size_t{0x7fffffff}, "too many indices");
    const std::size_t starts = checked_mul(extent + 2, sizeof(std::int64_t));
    memory_ = call.scratch(starts + count * sizeof(std::int32_t));
    auto* const next = reinterpret_cast<std::int64_t*>(memory_->data());
    auto* const places = reinterpret_cast<std::int32_t*>(memory_->data() + starts);
    // A counting sort: next[v + 2] counts v, becomes where v + 1 begins, and moves on with each arrival.
    std::fill(next, next + extent + 2, 0);
    for (std::size_t i = 0; i < count; ++i) ++next[index[i] + 2];
    std::partial_sum(next, next + extent + 2, next);
    for (std::size_t i = 0; i < count; ++i) places[next[index[i] + 1]++] = static_cast<std::int32_t>(i);
    start = next;
    position = places;
  }

  const std::int64_t* start;
  const std::int32_t* position;

 private:
  StoragePtr memory_;
};

}  // namespace palimpsest
