// An index per element or per row: takeAlong x [R, V, I], indices [R, M, I] or [R, M, 1] -> [R, M, I], and its
// transposed map, takeAlongGrad.
#include <algorithm>
#include <cstring>

#include "kernels/pieces.h"
#include "kernels/shape/along.h"
#include "kernels/shape/strided_copy.h"

namespace palimpsest {
namespace {

// Single elements: the picks from `begin` to `end`, block by block.
template <typename Unit>
void take_elements(const Along& e, std::size_t begin, std::size_t end, const Unit* x, Unit* y) {
  for (std::size_t i = begin; i < end;) {
    const std::size_t block = i / e.picks, last = std::min(end, (block + 1) * e.picks);
    const Unit* const from = x + block * e.table;
    for (; i < last; ++i) y[i] = from[e.index[i]];
  }
}

template <typename Unit>
void take_along_as(const Call& call, const Along& e, const Unit* x, Unit* y) {
  const std::size_t grain = units_per_piece(static_cast<double>(e.inner));
  call.workers.parallel_range(e.blocks * e.picks, grain, [&](std::size_t begin, std::size_t end) {
    if (e.inner == 1) return take_elements(e, begin, end, x, y);
    for (std::size_t row = begin; row < end; ++row) {
      const Unit* const from = x + row / e.picks * e.table * e.inner;
      Unit* const to = y + row * e.inner;
      if (e.is_rows) {
        std::memcpy(to, from + e.place(row, 0), e.inner * sizeof(Unit));
      } else {
        for (std::size_t i = 0; i < e.inner; ++i) to[i] = from[e.place(row, i)];
      }
    }
  });
}

void take_along(const Call& call) {
  call.expect_counts(2, 1);
  const View &x = call.input(0), &indices = call.input(1), &y = call.output(0);
  const Along e(call, "takeAlong", x, indices, y);
  if (y.size == 0) return;
  dispatch_unit(size_of(x.dtype), [&]<typename Unit>() {
    take_along_as(call, e, reinterpret_cast<const Unit*>(x.data), reinterpret_cast<Unit*>(y.data));
  });
}

// Columns of a block of which the sums are made together: they stay in the second-level cache.
std::size_t columns_at_once(const Along& e) {
  constexpr std::size_t kSums = 65536;
  return std::clamp<std::size_t>(kSums / std::max<std::size_t>(1, e.table), 1, e.inner);
}

// Adds up in the order of m, in double precision: one element may be picked many times.
template <typename T>
void scatter_columns(const Along& e, std::size_t block, std::size_t column, std::size_t columns, const T* g,
                     double* total, T* dx) {
  T* const to = dx + block * e.table * e.inner;
  std::fill(total, total + e.table * columns, 0.0);
  for (std::size_t row = block * e.picks; row < (block + 1) * e.picks; ++row) {
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t i = column + j;
      const std::size_t v = static_cast<std::size_t>(e.index[e.is_rows ? row : row * e.inner + i]);
      total[v * columns + j] += static_cast<double>(g[row * e.inner + i]);
    }
  }
  for (std::size_t v = 0; v < e.table; ++v) {
    for (std::size_t j = 0; j < columns; ++j) {
      to[v * e.inner + column + j] = static_cast<T>(total[v * columns + j]);
    }
  }
}

// The same for few picks of single elements: no sums beside the result.
template <typename T>
void scatter_few(const Along& e, std::size_t block, const T* g, T* dx) {
  T* const to = dx + block * e.table;
  std::fill(to, to + e.table, T(0));
  for (std::size_t m = block * e.picks; m < (block + 1) * e.picks; ++m) to[e.index[m]] += g[m];
}

template <typename T>
void take_along_grad_as(const Call& call, const Along& e, const T* g, T* dx) {
  constexpr std::size_t kFew = 8;
  const std::size_t width = columns_at_once(e), chunks = (e.inner + width - 1) / width;
  const double work = static_cast<double>(width) * (static_cast<double>(e.picks) + static_cast<double>(e.table));
  call.workers.parallel_range(e.blocks * chunks, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    const bool is_few = e.inner == 1 && e.picks <= kFew;
    const StoragePtr memory = call.scratch(is_few ? 0 : e.table * width * sizeof(double));
    auto* const total = reinterpret_cast<double*>(memory->data());
    for (std::size_t unit = begin; unit < end && !call.workers.cancelled(); ++unit) {
      const std::size_t block = unit / chunks, column = unit % chunks * width;
      if (is_few) {
        scatter_few(e, block, g, dx);
      } else {
        scatter_columns(e, block, column, std::min(width, e.inner - column), g, total, dx);
      }
    }
  });
}

void take_along_grad(const Call& call) {
  call.expect_counts(2, 1);
  const View &g = call.input(0), &indices = call.input(1), &dx = call.output(0);
  const Along e(call, "takeAlongGrad", dx, indices, g);
  dispatch_float(g.dtype, [&]<typename T>() {
    if (dx.size > 0) take_along_grad_as(call, e, g.as<T>(), dx.as<T>());
  });
}

PALIMPSEST_KERNEL("takeAlong", take_along);
PALIMPSEST_KERNEL("takeAlongGrad", take_along_grad);

}  // namespace
}  // namespace palimpsest
