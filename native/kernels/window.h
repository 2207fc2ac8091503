#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace palimpsest {

// Sliding windows along one axis: window `o` covers the cells o * stride - pad + i * dilation for i in [0,
// kernel). There are `pad` cells before the first and `high` after the last.
struct WindowAxis {
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t pad;
  std::int64_t dilation = 1;
  std::int64_t high = pad;

  // How many windows an axis of `extent` cells has; 0 when the window does not fit.
  std::int64_t positions(std::int64_t extent) const {
    const std::int64_t room = extent + pad + high - (dilation * (kernel - 1) + 1);
    return room < 0 ? 0 : room / stride + 1;
  }

  // The cell under tap 0 of window `o`; negative inside the low padding.
  std::int64_t first_cell(std::int64_t o) const { return o * stride - pad; }

  // The taps [low, high) of window `o` that lie on real cells.
  struct Taps {
    std::int64_t low;
    std::int64_t high;
  };
  Taps taps_inside(std::int64_t o, std::int64_t extent) const {
    const std::int64_t first = first_cell(o);
    if (first >= 0 && first + (kernel - 1) * dilation < extent)
      return {0, kernel};  // nearly always: no division
    const std::int64_t low = first < 0 ? (-first + dilation - 1) / dilation : 0;
    const std::int64_t high = first < extent ? (extent - 1 - first) / dilation + 1 : 0;
    return {low, std::max(low, std::min(high, kernel))};
  }
};

// Attributes are below this, so that the products of two of them fit 64 bits.
constexpr std::int64_t kWindowLimit = std::numeric_limits<std::int32_t>::max();

}  // namespace palimpsest
