// The mean of every window over planes [P, H, W], and its transposed map.
#include "kernels/pieces.h"
#include "kernels/pooling/pooling.h"

namespace palimpsest {
namespace {

// Runs body(row, sums) for every row of `count`, with a buffer of `width` elements for each piece.
template <typename T, typename Body>
void for_each_row(const Call& call, std::size_t count, double work, std::int64_t width, const Body& body) {
  call.workers.parallel_range(count, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    std::vector<T> sums(static_cast<std::size_t>(width));
    for (std::size_t row = begin; row < end; ++row) body(static_cast<std::int64_t>(row), sums.data());
  });
}

// The sums of the columns under a row of windows, then those of the windows: loops over neighbours, which
// vectorise, and short sums, so that a global average of a large plane stays accurate.
template <typename T>
void average_row(const Pooling& p, const std::vector<TapRange>& columns, const T* plane, std::int64_t oh,
                 T* __restrict sums, T* __restrict out) {
  const auto rows = p.rows.taps_inside(oh, p.height);
  const T scale = T(1) / (static_cast<T>(p.rows.kernel) * static_cast<T>(p.columns.kernel));
  std::fill(sums, sums + p.width, T(0));
  for (std::int64_t i = rows.low; i < rows.high; ++i) {
    const T* cells = plane + (p.rows.first_cell(oh) + i) * p.width;
    for (std::int64_t w = 0; w < p.width; ++w) sums[w] += cells[w];
  }
  std::fill(out, out + p.out_width, T(0));
  for (std::int64_t j = 0; j < p.columns.kernel; ++j) {
    const TapRange taps = columns[static_cast<std::size_t>(j)];
    const T* under = sums + j - p.columns.pad;
    const std::int64_t stride = p.columns.stride;
    if (stride == 1) {
      for (std::int64_t ow = taps.low; ow < taps.high; ++ow) out[ow] += under[ow];
    } else {
      for (std::int64_t ow = taps.low; ow < taps.high; ++ow) out[ow] += under[ow * stride];
    }
  }
  for (std::int64_t ow = 0; ow < p.out_width; ++ow) out[ow] *= scale;
}

void avg_pool2d(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  const Pooling p = pooling_of(call, x, y);
  if (p.out_rows == 0) return;
  const std::vector<TapRange> columns = column_taps(p);
  const double work = static_cast<double>(p.width) * static_cast<double>(p.rows.kernel) +
                      static_cast<double>(p.out_width) * static_cast<double>(p.columns.kernel);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    for_each_row<T>(call, p.out_rows, work, p.width, [&](std::int64_t row, T* sums) {
      const T* plane = in + row / p.out_height * p.height * p.width;
      average_row(p, columns, plane, row % p.out_height, sums, out + row * p.out_width);
    });
  });
}

// One row of the unpooled plane receives the windows that cover it: the sums over rows of windows, then one
// tap of all windows after the other.
template <typename T>
void average_grad_row(const Pooling& p, const std::vector<TapRange>& columns, const T* pooled,
                      std::int64_t h, T* __restrict sums, T* __restrict out) {
  const T scale = T(1) / (static_cast<T>(p.rows.kernel) * static_cast<T>(p.columns.kernel));
  const std::int64_t reach = h + p.rows.pad;
  const std::int64_t first = reach < p.rows.kernel ? 0 : (reach - p.rows.kernel) / p.rows.stride + 1;
  const std::int64_t last = std::min(p.out_height - 1, reach / p.rows.stride);
  std::fill(sums, sums + p.out_width, T(0));
  for (std::int64_t oh = first; oh <= last; ++oh) {
    const T* windows = pooled + oh * p.out_width;
    for (std::int64_t ow = 0; ow < p.out_width; ++ow) sums[ow] += windows[ow] * scale;
  }
  std::fill(out, out + p.width, T(0));
  for (std::int64_t j = 0; j < p.columns.kernel; ++j) {
    const TapRange taps = columns[static_cast<std::size_t>(j)];
    T* under = out + j - p.columns.pad;
    const std::int64_t stride = p.columns.stride;
    if (stride == 1) {
      for (std::int64_t ow = taps.low; ow < taps.high; ++ow) under[ow] += sums[ow];
    } else {
      for (std::int64_t ow = taps.low; ow < taps.high; ++ow) under[ow * stride] += sums[ow];
    }
  }
}

void avg_pool2d_grad(const Call& call) {
  call.expect_counts(1, 1);
  const View& g = call.input(0);
  const View& dx = call.output(0);
  const Pooling p = pooling_of(call, dx, g);
  if (dx.size == 0) return;
  const std::vector<TapRange> columns = column_taps(p);
  const double windows_per_row = static_cast<double>(p.rows.kernel) / static_cast<double>(p.rows.stride) + 1;
  const double work = static_cast<double>(p.width) +
                      static_cast<double>(p.out_width) *
                          (windows_per_row + static_cast<double>(p.columns.kernel));
  dispatch_float(g.dtype, [&]<typename T>() {
    const T* in = g.as<T>();
    T* out = dx.as<T>();
    const std::size_t rows = static_cast<std::size_t>(dx.dim(0) * p.height);
    for_each_row<T>(call, rows, work, p.out_width, [&](std::int64_t row, T* sums) {
      const T* pooled = in + row / p.height * p.out_height * p.out_width;
      average_grad_row(p, columns, pooled, row % p.height, sums, out + row * p.width);
    });
  });
}

PALIMPSEST_KERNEL("avgPool2d", avg_pool2d);
PALIMPSEST_KERNEL("avgPool2dGrad", avg_pool2d_grad);

}  // namespace
}  // namespace palimpsest
