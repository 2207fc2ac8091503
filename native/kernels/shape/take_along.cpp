// One index per element: takeAlong x [R, V], indices [R, M] -> [R, M], and its transposed map, takeAlongGrad.
#include <algorithm>
#include <vector>

#include "core/kernel.h"
#include "gather_index.h"
#include "kernels/pieces.h"
#include "strided_copy.h"

namespace palimpsest {
namespace {

struct Extents {
  std::size_t rows, table, picks;
};

Extents extents_of(const Call& call, const View& table, const View& indices, const View& picks,
                   const char* name) {
  call.expect(call.attributes().empty(), "no attributes expected");
  call.expect(table.dtype == picks.dtype, "the dtypes must be equal");
  call.expect(
      table.rank() == 2 && picks.rank() == 2 && indices.shape == picks.shape && table.dim(0) == picks.dim(0),
      "the extents do not agree");
  check_indices(name, indices.as<std::int32_t>(), indices.size, table.dim(1));
  return {static_cast<std::size_t>(table.dim(0)), static_cast<std::size_t>(table.dim(1)),
          static_cast<std::size_t>(picks.dim(1))};
}

void take_along(const Call& call) {
  call.expect_counts(2, 1);
  const View &x = call.input(0), &indices = call.input(1), &y = call.output(0);
  const Extents e = extents_of(call, x, indices, y, "takeAlong");
  if (y.size == 0) return;
  const std::int32_t* index = indices.as<std::int32_t>();
  const std::size_t grain = units_per_piece(static_cast<double>(e.picks));
  dispatch_unit(size_of(x.dtype), [&]<typename Unit>() {
    const Unit* in = reinterpret_cast<const Unit*>(x.data);
    Unit* out = reinterpret_cast<Unit*>(y.data);
    call.workers.parallel_range(e.rows, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) {
        const Unit* row = in + r * e.table;
        for (std::size_t i = r * e.picks; i < (r + 1) * e.picks; ++i) out[i] = row[index[i]];
      }
    });
  });
}

// Adds up in the order of m, in double precision: one element may be picked many times.
template <typename T>
void scatter_row(const Extents& e, const T* g, const std::int32_t* index, double* total, T* dx) {
  if (e.picks <= 8) {
    std::fill(dx, dx + e.table, T(0));
    for (std::size_t m = 0; m < e.picks; ++m) dx[index[m]] += g[m];
    return;
  }
  std::fill(total, total + e.table, 0.0);
  for (std::size_t m = 0; m < e.picks; ++m) total[index[m]] += static_cast<double>(g[m]);
  for (std::size_t v = 0; v < e.table; ++v) dx[v] = static_cast<T>(total[v]);
}

void take_along_grad(const Call& call) {
  call.expect_counts(2, 1);
  const View &g = call.input(0), &indices = call.input(1), &dx = call.output(0);
  const Extents e = extents_of(call, dx, indices, g, "takeAlongGrad");
  const std::int32_t* index = indices.as<std::int32_t>();
  dispatch_float(g.dtype, [&]<typename T>() {
    const T* in = g.as<T>();
    T* out = dx.as<T>();
    if (dx.size == 0) return;
    const std::size_t grain = units_per_piece(static_cast<double>(e.picks) + static_cast<double>(e.table));
    call.workers.parallel_range(e.rows, grain, [&](std::size_t begin, std::size_t end) {
      const StoragePtr total = call.scratch(e.table * sizeof(double));
      for (std::size_t r = begin; r < end; ++r) {
        scatter_row(e, in + r * e.picks, index + r * e.picks, reinterpret_cast<double*>(total->data()),
                    out + r * e.table);
      }
    });
  });
}

PALIMPSEST_KERNEL("takeAlong", take_along);
PALIMPSEST_KERNEL("takeAlongGrad", take_along_grad);

}  // namespace
}  // namespace palimpsest
