// Pooling over planes [P, H, W]: maxPool2d, avgPool2d and their gradients.
#include <algorithm>
#include <limits>
#include <vector>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "kernels/shape/gather_index.h"
#include "kernels/window.h"

namespace palimpsest {
namespace {

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
Pooling pooling_of(const Call& call, const View& plane, const View& pooled) {
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

std::vector<TapRange> column_taps(const Pooling& p) {
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

// Takes the cells under one tap into account, for all windows that have it. Without branches, so that it
// vectorises: which cell wins is random to a branch predictor. NaN beats everything, so that it is not lost.
template <std::int64_t kStride, typename T>
void take_tap(const T* cells, std::int64_t first, std::int64_t stride, TapRange taps, T* __restrict out,
              std::int32_t* __restrict indices) {
  const std::int64_t step = kStride == 0 ? stride : kStride;
  for (std::int64_t ow = taps.low; ow < taps.high; ++ow) {
    const T value = cells[first + ow * step];
    const T best = out[ow];
    const bool is_better = (value > best) | (indices[ow] < 0) | ((value != value) & (best == best));
    out[ow] = is_better ? value : best;
    indices[ow] = is_better ? static_cast<std::int32_t>(first + ow * step) : indices[ow];
  }
}

// The largest cell of each window of a row and where it is; of equal ones the first.
template <typename T>
void max_row(const Pooling& p, const std::vector<TapRange>& columns, const T* plane, std::int64_t oh, T* out,
             std::int32_t* indices) {
  std::fill(out, out + p.out_width, -std::numeric_limits<T>::infinity());
  std::fill(indices, indices + p.out_width, -1);
  const auto rows = p.rows.taps_inside(oh, p.height);
  for (std::int64_t i = rows.low; i < rows.high; ++i) {
    const std::int64_t row = (p.rows.first_cell(oh) + i) * p.width - p.columns.pad;
    for (std::int64_t j = 0; j < p.columns.kernel; ++j) {
      const TapRange taps = columns[static_cast<std::size_t>(j)];
      if (p.columns.stride == 2) {
        take_tap<2>(plane, row + j, 2, taps, out, indices);
      } else {
        take_tap<0>(plane, row + j, p.columns.stride, taps, out, indices);
      }
    }
  }
}

void max_pool2d(const Call& call) {
  call.expect_counts(1, 2);
  const View& x = call.input(0);
  const View& y = call.output(0);
  const View& where = call.output(1);
  const Pooling p = pooling_of(call, x, y);
  call.expect(where.shape == y.shape, "indices must have the shape of the output");
  call.expect(p.height == 0 || p.width <= std::numeric_limits<std::int32_t>::max() / p.height,
              "a plane must have less than 2^31 cells");
  if (p.out_rows == 0) return;
  std::int32_t* indices = where.as<std::int32_t>();
  const std::vector<TapRange> columns = column_taps(p);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    for_each_unit(call.workers, p.out_rows, p.work_per_out_row(), [&](std::size_t unit) {
      const std::int64_t row = static_cast<std::int64_t>(unit);
      const T* plane = in + row / p.out_height * p.height * p.width;
      max_row(p, columns, plane, row % p.out_height, out + row * p.out_width, indices + row * p.out_width);
    });
  });
}

// Two cells of every window side by side: what the loops below do for windows of two columns, in a form that
// vectorises.
template <typename T>
void pull_pairs(std::int64_t windows, const T* __restrict g, const std::int32_t* __restrict largest,
                std::int32_t place, T* __restrict out) {
  for (std::int64_t ow = 0; ow < windows; ++ow) {
    // Unsigned, so that an index that nobody has checked may wrap.
    const auto column = static_cast<std::uint32_t>(largest[ow]) - static_cast<std::uint32_t>(place + 2 * ow);
    const T value = g[ow];
    out[2 * ow] = column == 0 ? value : T(0);
    out[2 * ow + 1] = column == 1 ? value : T(0);
  }
}

// One row of the unpooled plane, where windows do not overlap: a cell takes what comes back for its window if
// it was the largest.
template <typename T>
void pull_row(const Pooling& p, const std::vector<TapRange>& columns, const T* pooled,
              const std::int32_t* indices, std::int64_t h, T* __restrict out) {
  const std::int64_t stride = p.columns.stride, oh = (h + p.rows.pad) / p.rows.stride;
  if (oh >= p.out_height || h - p.rows.first_cell(oh) >= p.rows.kernel) {
    std::fill(out, out + p.width, T(0));
    return;
  }
  const T* g = pooled + oh * p.out_width;
  const std::int32_t* largest = indices + oh * p.out_width;
  if (p.columns.kernel == 2 && stride == 2 && p.columns.pad == 0 && 2 * p.out_width <= p.width) {
    pull_pairs(p.out_width, g, largest, static_cast<std::int32_t>(h * p.width), out);
    std::fill(out + 2 * p.out_width, out + p.width, T(0));
    return;
  }
  std::fill(out, out + p.width, T(0));
  for (std::int64_t j = 0; j < p.columns.kernel; ++j) {
    const std::int64_t first = j - p.columns.pad;
    const std::int32_t place = static_cast<std::int32_t>(h * p.width + first);
    const TapRange taps = columns[static_cast<std::size_t>(j)];
    for (std::int64_t ow = taps.low; ow < taps.high; ++ow) {
      if (largest[ow] == place + static_cast<std::int32_t>(ow * stride)) out[first + ow * stride] = g[ow];
    }
  }
}

// One plane where windows overlap: what comes back for a window is added to its largest cell.
template <typename T>
void pull_plane(const Pooling& p, const T* pooled, const std::int32_t* indices, T* out) {
  std::fill(out, out + p.height * p.width, T(0));
  check_indices("maxPool2dGrad", indices, p.out_height * p.out_width, p.height * p.width);
  for (std::int64_t o = 0; o < p.out_height * p.out_width; ++o) out[indices[o]] += pooled[o];
}

void max_pool2d_grad(const Call& call) {
  call.expect_counts(2, 1);
  const View& g = call.input(0);
  const View& where = call.input(1);
  const View& dx = call.output(0);
  const Pooling p = pooling_of(call, dx, g);
  call.expect(where.shape == g.shape, "indices must have the shape of the cotangents");
  call.expect(p.height == 0 || p.width <= std::numeric_limits<std::int32_t>::max() / p.height,
              "a plane must have less than 2^31 cells");
  if (dx.size == 0) return;
  const std::int32_t* indices = where.as<std::int32_t>();
  const std::vector<TapRange> columns = column_taps(p);
  const bool apart = p.rows.stride >= p.rows.kernel && p.columns.stride >= p.columns.kernel;
  const std::int64_t pooled_size = p.out_height * p.out_width;
  dispatch_float(g.dtype, [&]<typename T>() {
    const T* in = g.as<T>();
    T* out = dx.as<T>();
    const std::size_t planes = static_cast<std::size_t>(dx.dim(0));
    if (!apart) {
      const double work = static_cast<double>(p.height * p.width) + 2 * static_cast<double>(pooled_size);
      for_each_unit(call.workers, planes, work, [&](std::size_t unit) {
        const std::int64_t plane = static_cast<std::int64_t>(unit);
        pull_plane(p, in + plane * pooled_size, indices + plane * pooled_size,
                   out + plane * p.height * p.width);
      });
      return;
    }
    const std::size_t rows = planes * static_cast<std::size_t>(p.height);
    for_each_unit(call.workers, rows, 2 * static_cast<double>(p.width), [&](std::size_t unit) {
      const std::int64_t row = static_cast<std::int64_t>(unit), at = row / p.height * pooled_size;
      pull_row(p, columns, in + at, indices + at, row % p.height, out + row * p.width);
    });
  });
}

template <typename T>
void average_row(const Pooling& p, const T* plane, std::int64_t oh, T* out) {
  const auto rows = p.rows.taps_inside(oh, p.height);
  const T scale = T(1) / (static_cast<T>(p.rows.kernel) * static_cast<T>(p.columns.kernel));
  for (std::int64_t ow = 0; ow < p.out_width; ++ow) {
    const auto columns = p.columns.taps_inside(ow, p.width);
    const std::int64_t corner = p.rows.first_cell(oh) * p.width + p.columns.first_cell(ow);
    T sum = 0;
    for (std::int64_t i = rows.low; i < rows.high; ++i) {
      T row_sum = 0;  // row by row, so that a global average of a large plane stays accurate
      for (std::int64_t j = columns.low; j < columns.high; ++j) row_sum += plane[corner + i * p.width + j];
      sum += row_sum;
    }
    out[ow] = sum * scale;
  }
}

void avg_pool2d(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  const Pooling p = pooling_of(call, x, y);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    for_each_unit(call.workers, p.out_rows, p.work_per_out_row(), [&](std::size_t unit) {
      const std::int64_t row = static_cast<std::int64_t>(unit);
      const T* plane = in + row / p.out_height * p.height * p.width;
      average_row(p, plane, row % p.out_height, out + row * p.out_width);
    });
  });
}

// One row of the unpooled plane receives the windows that cover it, in order of window row and column.
template <typename T>
void average_grad_row(const Pooling& p, const T* pooled, std::int64_t h, T* out) {
  std::fill(out, out + p.width, T(0));
  const T scale = T(1) / (static_cast<T>(p.rows.kernel) * static_cast<T>(p.columns.kernel));
  const std::int64_t reach = h + p.rows.pad;
  const std::int64_t first = reach < p.rows.kernel ? 0 : (reach - p.rows.kernel) / p.rows.stride + 1;
  const std::int64_t last = std::min(p.out_height - 1, reach / p.rows.stride);
  for (std::int64_t oh = first; oh <= last; ++oh) {
    for (std::int64_t ow = 0; ow < p.out_width; ++ow) {
      const T share = pooled[oh * p.out_width + ow] * scale;
      const auto columns = p.columns.taps_inside(ow, p.width);
      const std::int64_t corner = p.columns.first_cell(ow);
      for (std::int64_t j = columns.low; j < columns.high; ++j) out[corner + j] += share;
    }
  }
}

void avg_pool2d_grad(const Call& call) {
  call.expect_counts(1, 1);
  const View& g = call.input(0);
  const View& dx = call.output(0);
  const Pooling p = pooling_of(call, dx, g);
  dispatch_float(g.dtype, [&]<typename T>() {
    const T* in = g.as<T>();
    T* out = dx.as<T>();
    if (dx.size == 0) return;
    const std::size_t rows = static_cast<std::size_t>(dx.dim(0) * p.height);
    const double windows_per_row =
        static_cast<double>(p.rows.kernel) / static_cast<double>(p.rows.stride) + 1;
    const double work = static_cast<double>(p.width) + windows_per_row * static_cast<double>(p.out_width) *
                                                           static_cast<double>(p.columns.kernel);
    for_each_unit(call.workers, rows, work, [&](std::size_t unit) {
      const std::int64_t row = static_cast<std::int64_t>(unit);
      const T* pooled = in + row / p.height * p.out_height * p.out_width;
      average_grad_row(p, pooled, row % p.height, out + row * p.width);
    });
  });
}

PALIMPSEST_KERNEL("maxPool2d", max_pool2d);
PALIMPSEST_KERNEL("maxPool2dGrad", max_pool2d_grad);
PALIMPSEST_KERNEL("avgPool2d", avg_pool2d);
PALIMPSEST_KERNEL("avgPool2dGrad", avg_pool2d_grad);

}  // namespace
}  // namespace palimpsest
