// The largest cell of every window over planes [P, H, W], where it is, and the gradient.
#include <cmath>
#include <limits>

#include "kernels/indexing/gather_index.h"
#include "kernels/pieces.h"
#include "kernels/pooling/max_pool_loops.h"
#include "kernels/pooling/pooling.h"

namespace palimpsest {
namespace {

// The largest cell of a window of which some taps may lie on padding, and its place.
template <typename T>
void largest_at_edge(const Pooling& p, const T* plane, TapRange rows, std::int64_t first, std::int64_t ow,
                     T& best, std::int32_t& place) {
  const auto taps = p.columns.taps_inside(ow, p.width);
  place = -1;
  best = -std::numeric_limits<T>::infinity();
  for (std::int64_t i = rows.low; i < rows.high; ++i) {
    for (std::int64_t j = taps.low; j < taps.high; ++j) {
      const std::int64_t cell = first + i * p.width + p.columns.first_cell(ow) + j;
      const T value = plane[cell];
      if (place < 0 || value > best || (std::isnan(value) && !std::isnan(best))) {
        best = value;
        place = static_cast<std::int32_t>(cell);
      }
    }
  }
}

// The largest cell of each window of a row and where it is; of equal ones the first. NaN beats everything, so that
// it is not lost.
template <typename T>
void max_row(const Pooling& p, TapRange inner, const T* plane, std::int64_t oh, T* out,
             std::int32_t* places) {
  const auto rows = p.rows.taps_inside(oh, p.height);
  const std::int64_t first = p.rows.first_cell(oh) * p.width;
  const auto edge = [&](std::int64_t ow) {
    largest_at_edge(p, plane, {rows.low, rows.high}, first, ow, out[ow], places[ow]);
  };
  for (std::int64_t ow = 0; ow < inner.low; ++ow) edge(ow);
  if (inner.low < inner.high) {
    const auto number = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
    const InnerWindows<T> windows{plane,
                                  number(first + rows.low * p.width + p.columns.first_cell(inner.low)),
                                  number(p.width),
                                  number(rows.high - rows.low),
                                  number(p.columns.kernel),
                                  number(p.columns.stride),
                                  static_cast<std::size_t>(inner.high - inner.low)};
    max_pool_loops().of<T>().largest(windows, out + inner.low, places + inner.low);
  }
  for (std::int64_t ow = inner.high; ow < p.out_width; ++ow) edge(ow);
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
  const TapRange inner = inner_windows(p);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    const auto planes = static_cast<std::size_t>(x.dim(0)), rows = static_cast<std::size_t>(p.out_height);
    for_each_row(call.workers, planes, rows, p.work_per_out_row(), [&](std::size_t plane, std::size_t row) {
      const auto at = static_cast<std::int64_t>(plane * rows + row) * p.out_width;
      max_row(p, inner, in + static_cast<std::int64_t>(plane) * p.height * p.width,
              static_cast<std::int64_t>(row), out + at, indices + at);
    });
  });
}

// One row of the unpooled plane, where windows do not overlap: a cell takes what comes back for its window if
// it was the largest.
template <typename T>
void pull_row(const Pooling& p, const std::vector<TapRange>& columns, const T* pooled,
              const std::int32_t* indices, std::int64_t h, T* __restrict out) {
  // Both fit 32 bits, of which a division takes half the time.
  const std::int64_t oh = static_cast<std::uint32_t>(h + p.rows.pad) / static_cast<std::uint32_t>(p.rows.stride);
  const std::int64_t stride = p.columns.stride;
  if (oh >= p.out_height || h - p.rows.first_cell(oh) >= p.rows.kernel) {
    std::fill(out, out + p.width, T(0));
    return;
  }
  const T* g = pooled + oh * p.out_width;
  const std::int32_t* largest = indices + oh * p.out_width;
  if (p.columns.kernel == 2 && stride == 2 && p.columns.pad == 0 && 2 * p.out_width <= p.width) {
    max_pool_loops().of<T>().pull_pairs(static_cast<std::size_t>(p.out_width), g, largest,
                                        static_cast<std::int32_t>(h * p.width), out);
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
    const auto rows = static_cast<std::size_t>(p.height);
    for_each_row(call.workers, planes, rows, 2 * static_cast<double>(p.width),
                 [&](std::size_t plane, std::size_t row) {
                   const std::int64_t at = static_cast<std::int64_t>(plane) * pooled_size;
                   pull_row(p, columns, in + at, indices + at, static_cast<std::int64_t>(row),
                            out + static_cast<std::int64_t>(plane * rows + row) * p.width);
                 });
  });
}

PALIMPSEST_KERNEL("maxPool2d", max_pool2d);
PALIMPSEST_KERNEL("maxPool2dGrad", max_pool2d_grad);

}  // namespace
}  // namespace palimpsest
