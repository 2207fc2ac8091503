// Rows by index: take x [outer, V, inner], indices [M] -> [outer, M, inner]; takeGrad is the transposed map.
#include <algorithm>
#include <cstring>

#include "core/kernel.h"
#include "gather_index.h"
#include "inverse_index.h"
#include "kernels/pieces.h"
#include "kernels/reduce/combine.h"
#include "kernels/shape/strided_copy.h"

namespace palimpsest {
namespace {

struct Extents {
  std::size_t outer, table, picks, inner;
};

// `table` is the side with V rows, `picks` the one with M.
Extents extents_of(const Call& call, const View& table, const View& indices, const View& picks,
                   const char* name) {
  call.expect(call.attributes().empty(), "no attributes expected");
  call.expect(table.dtype == picks.dtype, "the dtypes must be equal");
  call.expect(table.rank() == 3 && picks.rank() == 3 && indices.rank() == 1, "ranks 3, 1 and 3 expected");
  call.expect(table.dim(0) == picks.dim(0) && table.dim(2) == picks.dim(2) && picks.dim(1) == indices.dim(0),
              "the extents do not agree");
  check_indices(call.workers, name, indices.as<std::int32_t>(), indices.size, table.dim(1));
  return {static_cast<std::size_t>(table.dim(0)), static_cast<std::size_t>(table.dim(1)),
          static_cast<std::size_t>(picks.dim(1)), static_cast<std::size_t>(table.dim(2))};
}

template <typename Unit>
void take_rows(const Call& call, const Extents& e, const Unit* x, const std::int32_t* index, Unit* y) {
  const std::size_t grain = units_per_piece(static_cast<double>(e.inner));
  call.workers.parallel_range(e.outer * e.picks, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const std::size_t source = row / e.picks * e.table + static_cast<std::size_t>(index[row % e.picks]);
      std::memcpy(y + row * e.inner, x + source * e.inner, e.inner * sizeof(Unit));
    }
  });
}

void take(const Call& call) {
  call.expect_counts(2, 1);
  const View &x = call.input(0), &indices = call.input(1), &y = call.output(0);
  const Extents e = extents_of(call, x, indices, y, "take");
  if (y.size == 0) return;
  const std::int32_t* index = indices.as<std::int32_t>();
  dispatch_unit(size_of(x.dtype), [&]<typename Unit>() {
    take_rows(call, e, reinterpret_cast<const Unit*>(x.data), index, reinterpret_cast<Unit*>(y.data));
  });
}

// Each row of the table is the sum of the rows that picked it, by halves as in any other sum, or zero.
template <typename T>
void take_grad_as(const Call& call, const Extents& e, const T* g, const std::int32_t* index, T* dx) {
  constexpr std::size_t kColumns = 512;
  const InverseIndex inverse(call, e.table, e.picks, index);
  const RowLoops<T>& loops = row_loops<T>(Combine::sum);
  const std::size_t width = std::min(e.inner, kColumns), chunks = (e.inner + width - 1) / width;
  // A piece has some rows of the table, on average with so many picks.
  const double work =
      static_cast<double>(width) * (1.0 + static_cast<double>(e.picks) / static_cast<double>(e.table));
  const auto sum_row = [&](std::size_t unit, T* spare) {
    const std::size_t v = unit % e.table, column = unit / e.table % chunks * width,
                      o = unit / e.table / chunks;
    const std::size_t columns = std::min(width, e.inner - column);
    const std::int32_t* position = inverse.position + inverse.start[v];
    const auto picks = static_cast<std::size_t>(inverse.start[v + 1] - inverse.start[v]);
    T* out = dx + (o * e.table + v) * e.inner + column;
    const auto row = [&](std::size_t i) {
      return g + (o * e.picks + static_cast<std::size_t>(position[i])) * e.inner + column;
    };
    if (picks == 0) {
      std::fill(out, out + columns, T(0));
    } else {
      combine_rows(loops, row, 0, picks, columns, out, spare);
    }
  };
  const std::size_t units = e.outer * chunks * e.table, spare = combine_rows_spare(e.picks, width);
  call.workers.parallel_range(units, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
    const StoragePtr scratch = call.scratch(spare * sizeof(T));
    for (std::size_t unit = begin; unit < end; ++unit) sum_row(unit, reinterpret_cast<T*>(scratch->data()));
  });
}

void take_grad(const Call& call) {
  call.expect_counts(2, 1);
  const View &g = call.input(0), &indices = call.input(1), &dx = call.output(0);
  const Extents e = extents_of(call, dx, indices, g, "takeGrad");
  dispatch_float(g.dtype, [&]<typename T>() {
    if (dx.size > 0) take_grad_as(call, e, g.as<T>(), indices.as<std::int32_t>(), dx.as<T>());
  });
}

PALIMPSEST_KERNEL("take", take);
PALIMPSEST_KERNEL("takeGrad", take_grad);

}  // namespace
}  // namespace palimpsest
