#pragma once

#include <algorithm>
#include <vector>

#include "core/kernel.h"
#include "kernels/window.h"

namespace palimpsest {

// Along an axis that is shorter: padding lets a window be larger than its plane, but not without bound.
constexpr std::int64_t kMostTaps = 65536;

struct Pooling {
  WindowAxis rows;
  WindowAxis columns;
  std::int64_t height, width;          // of the plane
  std::int64_t out_height, out_width;  // of the pooled plane
  std::size_t out_rows;                // planes * out_height, 0 when nothing comes out

  double work_per_out_row() const {
    return static_cast<double>(out_width) * static_cast<double>(rows.kernel) *
           static_cast<double>(columns.kernel);
  }
};

// `plane` is the unpooled side, `pooled` the other one, whichever of them is the input.
inline Pooling pooling_of(const Call& call, const View& plane, const View& pooled) {
  Pooling p{};
  p.rows = {call.integer(0, 1, kWindowLimit), call.integer(2, 1, kWindowLimit),
            call.integer(4, 0, kWindowLimit), 1, call.integer(6, 0, kWindowLimit)};
  p.columns = {call.integer(1, 1, kWindowLimit), call.integer(3, 1, kWindowLimit),
               call.integer(5, 0, kWindowLimit), 1, call.integer(7, 0, kWindowLimit)};
  call.expect(call.attributes().size() == 8, "8 attributes expected");
  call.expect(plane.rank() == 3 && pooled.rank() == 3, "planes must have rank 3");
  p.height = plane.dim(1);
  p.width = plane.dim(2);
  p.out_height = pooled.dim(1);
  p.out_width = pooled.dim(2);
  call.expect(p.rows.pad < p.rows.kernel && p.columns.pad < p.columns.kernel &&
                  p.rows.high < p.rows.kernel && p.columns.high < p.columns.kernel,
              "padding must be smaller than the window");
  call.expect(
      p.rows.kernel <= std::max(p.height, kMostTaps) && p.columns.kernel <= std::max(p.width, kMostTaps),
      "the window is far larger than the plane");
  call.expect(pooled.dim(0) == plane.dim(0) && p.out_height == p.rows.positions(p.height) &&
                  p.out_width == p.columns.positions(p.width),
              "the pooled extents do not follow from the windows");
  call.expect(pooled.size == 0 || plane.size > 0, "a window over an empty plane has no cell");
  p.out_rows = pooled.size == 0 ? 0 : static_cast<std::size_t>(pooled.dim(0) * p.out_height);
  return p;
}

// The windows [low, high) of one row whose column tap j lies on a real cell.
struct TapRange {
  std::int64_t low;
  std::int64_t high;
};

// The windows [low, high) of one row of which no column tap lies on padding.
inline TapRange inner_windows(const Pooling& p) {
  const std::int64_t stride = p.columns.stride, reach = p.width - p.columns.kernel + p.columns.pad;
  const std::int64_t high = reach < 0 ? 0 : std::min(p.out_width, reach / stride + 1);
  return {std::min(high, (p.columns.pad + stride - 1) / stride), high};
}

inline std::vector<TapRange> column_taps(const Pooling& p) {
  std::vector<TapRange> taps;
  const std::int64_t stride = p.columns.stride;
  for (std::int64_t j = 0; j < p.columns.kernel; ++j) {
    const std::int64_t before = std::max<std::int64_t>(0, p.columns.pad - j);
    const std::int64_t reach = p.width - 1 + p.columns.pad - j;
    const std::int64_t high = reach < 0 ? 0 : std::min(p.out_width, reach / stride + 1);
    taps.push_back({std::min(high, (before + stride - 1) / stride), high});
  }
  return taps;
}

}  // namespace palimpsest
