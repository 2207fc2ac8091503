// The index of the largest or smallest element along one axis: the first of equals, and the first NaN if
// there is one.
// Attributes: axis.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "kernels/vector_loops.h"
#include "loops.h"

namespace palimpsest {
namespace {

template <Combine combine, typename T>
inline bool is_better(T a, T b) {
  return combine == Combine::max ? a > b : a < b;
}

// Block by block: only the first block that holds the extreme element is looked at a second time.
template <Combine combine, typename T>
std::int32_t extreme_of_run(const RowLoops<T>& loops, const T* x, std::size_t n) {
  constexpr std::size_t kBlock = 1024;
  std::size_t first = 0;
  T extreme = x[0];
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const T found = loops.run(std::min(kBlock, n - begin), x + begin);
    if (begin > 0 && !is_better<combine>(found, extreme) && found == found) continue;
    extreme = found;
    first = begin;
    if (found != found) break;
  }
  while (x[first] != extreme && x[first] == x[first]) ++first;
  return static_cast<std::int32_t>(first);
}

// Columns [0, width) of n rows that lie `stride` apart.
template <Combine combine, typename T>
void extreme_of_columns(const T* x, std::size_t n, std::size_t stride, std::size_t width, T* extreme,
                        std::int32_t* y) {
  for (std::size_t j = 0; j < width; ++j) {
    extreme[j] = x[j];
    y[j] = 0;
  }
  for (std::size_t i = 1; i < n; ++i) {
    const T* row = x + i * stride;
    PALIMPSEST_INDEPENDENT
    for (std::size_t j = 0; j < width; ++j) {
      // A NaN once found stays.
      const bool is_first_nan = (row[j] != row[j]) & (extreme[j] == extreme[j]);
      const bool moves = is_better<combine>(row[j], extreme[j]) | is_first_nan;
      extreme[j] = moves ? row[j] : extreme[j];
      y[j] = moves ? static_cast<std::int32_t>(i) : y[j];
    }
  }
}

template <Combine combine, typename T>
void arg_extreme_as(const Call& call, std::size_t outer, std::size_t n, std::size_t inner, const T* x,
               std::int32_t* y) {
  constexpr std::size_t kColumns = 512;
  if (inner == 1) {
    const RowLoops<T>& loops = row_loops<T>(combine);
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(outer, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) y[i] = extreme_of_run<combine>(loops, x + i * n, n);
    });
    return;
  }
  const std::size_t width = inner < kColumns ? inner : kColumns, chunks = (inner + width - 1) / width;
  const double work = static_cast<double>(n) * static_cast<double>(width);
  call.workers.parallel_range(outer * chunks, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    T extreme[kColumns];
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t i = unit / chunks, column = unit % chunks * width;
      const std::size_t columns = inner - column < width ? inner - column : width;
      extreme_of_columns<combine>(x + i * n * inner + column, n, inner, columns, extreme,
                                  y + i * inner + column);
    }
  });
}

template <Combine combine>
void arg_extreme(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const auto axis = static_cast<std::size_t>(call.integer(0, 0, x.rank() - 1));
  std::int32_t* out = y.as<std::int32_t>();
  // The axis may be kept with extent 1 or dropped, so extents of 1 do not count.
  Shape remaining, output;
  for (std::size_t k = 0; k < x.shape.size(); ++k) {
    if (k != axis && x.shape[k] != 1) remaining.push_back(x.shape[k]);
  }
  for (const std::int64_t extent : y.shape) {
    if (extent != 1) output.push_back(extent);
  }
  call.expect(remaining == output, "the output's extents are not those of the remaining axes");
  call.expect(x.shape[axis] <= std::numeric_limits<std::int32_t>::max(),
              "the axis is too long for int32 indices");
  if (x.dtype != DType::int32 && x.dtype != DType::int64) dispatch_float(x.dtype, []<typename T>() {});
  if (y.size == 0) return;
  call.expect(x.shape[axis] > 0, "an empty axis has no largest or smallest element");
  std::size_t outer = 1, inner = 1;
  for (std::size_t k = 0; k < axis; ++k) outer *= static_cast<std::size_t>(x.shape[k]);
  for (std::size_t k = axis + 1; k < x.shape.size(); ++k) inner *= static_cast<std::size_t>(x.shape[k]);
  const auto n = static_cast<std::size_t>(x.shape[axis]);
  const auto run = [&]<typename T>() { arg_extreme_as<combine>(call, outer, n, inner, x.as<T>(), out); };
  if (x.dtype == DType::int32) return run.template operator()<std::int32_t>();
  if (x.dtype == DType::int64) return run.template operator()<std::int64_t>();
  dispatch_float(x.dtype, run);
}

PALIMPSEST_KERNEL("argmax", arg_extreme<Combine::max>);
PALIMPSEST_KERNEL("argmin", arg_extreme<Combine::min>);

}  // namespace
}  // namespace palimpsest
