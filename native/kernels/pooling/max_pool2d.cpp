// The largest cell of every window over planes [P, H, W], where it is, and the gradient.
#include <limits>

#include "kernels/indexing/gather_index.h"
#include "kernels/pieces.h"
#include "kernels/pooling/pooling.h"

namespace palimpsest {
namespace {

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
      if (p.columns.stride == 1) {
        take_tap<1>(plane, row + j, 1, taps, out, indices);
      } else if (p.columns.stride == 2) {
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

PALIMPSEST_KERNEL("maxPool2d", max_pool2d);
PALIMPSEST_KERNEL("maxPool2dGrad", max_pool2d_grad);

}  // namespace
}  // namespace palimpsest
