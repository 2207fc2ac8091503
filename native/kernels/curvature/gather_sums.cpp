// Per-example gradients of a table of which every example picks rows: indices [N, T] and cotangents
// [N, T, D] stand for E_n[v, d] = sum over t with index[n, t] = v of g[n, t, d]. Squares and norms of them,
// without a matrix as tall as the table for any example.
#include <algorithm>
#include <vector>

#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/indexing/gather_index.h"
#include "kernels/indexing/inverse_index.h"
#include "kernels/pieces.h"
#include "kernels/reduce/combine.h"

namespace palimpsest {
namespace {

struct Picks {
  std::size_t examples, steps, width;
  const std::int32_t* index;
};

Picks picks_of(const Call& call, std::int64_t table, const char* name) {
  const View &indices = call.input(0), &g = call.input(1);
  call.expect(indices.rank() == 2 && g.rank() == 3, "indices [N, T] and cotangents [N, T, D] expected");
  call.expect(indices.dim(0) == g.dim(0) && indices.dim(1) == g.dim(1), "one cotangent an index expected");
  check_indices(call.workers, name, indices.as<std::int32_t>(), indices.size, table);
  return {static_cast<std::size_t>(g.dim(0)), static_cast<std::size_t>(g.dim(1)),
          static_cast<std::size_t>(g.dim(2)), indices.as<std::int32_t>()};
}

constexpr std::size_t kColumns = 512;  // of a row at once: sums and totals stay in the first cache

// Adds (sum of the rows that one example has among positions[0, count))^2 to the totals, example by example.
template <typename T>
void add_squares(const Picks& picks, const T* g, const std::int32_t* position, std::size_t count,
                 std::size_t column, std::size_t columns, double* totals, T* sum, T* spare) {
  const RowLoops<T>& loops = row_loops<T>(Combine::sum);
  const auto row = [&](std::size_t i) {
    return g + static_cast<std::size_t>(position[i]) * picks.width + column;
  };
  for (std::size_t first = 0, last = 0; first < count; first = last) {
    const std::size_t example = static_cast<std::size_t>(position[first]) / picks.steps;
    while (last < count && static_cast<std::size_t>(position[last]) / picks.steps == example) ++last;
    const T* own = row(first);
    if (last - first > 1) {
      combine_rows(loops, row, first, last - first, columns, sum, spare);
      own = sum;
    }
    for (std::size_t j = 0; j < columns; ++j) {
      totals[j] += static_cast<double>(own[j]) * static_cast<double>(own[j]);
    }
  }
}

template <typename T>
void square_sum_as(const Call& call, const Picks& picks, const T* g, std::size_t table, T* out) {
  const InverseIndex inverse(call, table, picks.examples * picks.steps, picks.index);
  const std::size_t width = std::min(picks.width, kColumns), chunks = (picks.width + width - 1) / width;
  const double picks_per_row =
      static_cast<double>(picks.examples * picks.steps) / static_cast<double>(table);
  const std::size_t grain = units_per_piece(static_cast<double>(width) * (1.0 + picks_per_row));
  const std::size_t spare = combine_rows_spare(picks.steps, width);
  call.workers.parallel_range(table * chunks, grain, [&](std::size_t begin, std::size_t end) {
    const StoragePtr totals_memory = call.scratch(width * sizeof(double));
    const StoragePtr sums_memory = call.scratch(checked_mul(width + spare, sizeof(T)));
    auto* const totals = reinterpret_cast<double*>(totals_memory->data());
    auto* const sum = reinterpret_cast<T*>(sums_memory->data());
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t v = unit / chunks, column = unit % chunks * width;
      const std::size_t columns = std::min(width, picks.width - column);
      std::fill(totals, totals + columns, 0.0);
      add_squares(picks, g, inverse.position + inverse.start[v],
                  static_cast<std::size_t>(inverse.start[v + 1] - inverse.start[v]), column, columns, totals,
                  sum, sum + width);
      T* const to = out + v * picks.width + column;
      for (std::size_t j = 0; j < columns; ++j) to[j] = static_cast<T>(totals[j]);
    }
  });
}

// out[v, d] = sum_n E_n[v, d]^2
void gather_square_sum(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().empty(), "no attributes expected");
  const View &g = call.input(1), &out = call.output(0);
  call.expect(out.rank() == 2, "a table [V, D] expected");
  const Picks picks = picks_of(call, out.dim(0), "gatherSquareSum");
  call.expect(out.dim(1) == g.dim(2), "the rows differ in width");
  dispatch_float(g.dtype, [&]<typename T>() {
    T* const to = out.as<T>();
    if (out.size > 0) square_sum_as(call, picks, g.as<T>(), static_cast<std::size_t>(out.dim(0)), to);
  });
}

template <typename T>
double norm_of_example(const Picks& picks, const std::int32_t* index, const T* g,
                       std::vector<std::int32_t>& order, T* sum, T* spare) {
  const RowLoops<T>& loops = row_loops<T>(Combine::sum);
  for (std::size_t t = 0; t < picks.steps; ++t) order[t] = static_cast<std::int32_t>(t);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return index[a] != index[b] ? index[a] < index[b] : a < b;
  });
  const auto row = [&](std::size_t i) { return g + static_cast<std::size_t>(order[i]) * picks.width; };
  double total = 0;
  for (std::size_t first = 0, last = 0; first < picks.steps; first = last) {
    const std::int32_t v = index[order[first]];
    while (last < picks.steps && index[order[last]] == v) ++last;
    combine_rows(loops, row, first, last - first, picks.width, sum, spare);
    for (std::size_t j = 0; j < picks.width; ++j) {
      total += static_cast<double>(sum[j]) * static_cast<double>(sum[j]);
    }
  }
  return total;
}

// out[n] = sum_vd E_n[v, d]^2. Attributes: the rows of the table.
void gather_norms(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const Picks picks = picks_of(call, call.integer(0, 0, std::int64_t{1} << 53), "gatherNorms");
  const View &g = call.input(1), &out = call.output(0);
  call.expect(out.rank() == 1 && out.dim(0) == g.dim(0), "one norm an example expected");
  call.expect(picks.steps <= std::size_t{0x7fffffff}, "too many indices");
  dispatch_float(g.dtype, [&]<typename T>() {
    const T* const from = g.as<T>();
    T* const to = out.as<T>();
    if (g.size == 0) return std::fill(to, to + out.size, T(0));
    const std::size_t spare = combine_rows_spare(picks.steps, picks.width);
    const double work = static_cast<double>(picks.steps) * static_cast<double>(picks.width);
    call.workers.parallel_range(picks.examples, units_per_piece(work), [&](std::size_t begin, std::size_t end) {
      const StoragePtr memory = call.scratch(checked_mul(picks.width + spare, sizeof(T)));
      auto* const sum = reinterpret_cast<T*>(memory->data());
      std::vector<std::int32_t> order(picks.steps);
      for (std::size_t n = begin; n < end && !call.workers.cancelled(); ++n) {
        to[n] = static_cast<T>(norm_of_example(picks, picks.index + n * picks.steps,
                                               from + n * picks.steps * picks.width, order, sum,
                                               sum + picks.width));
      }
    });
  });
}

PALIMPSEST_KERNEL("gatherSquareSum", gather_square_sum);
PALIMPSEST_KERNEL("gatherNorms", gather_norms);

}  // namespace
}  // namespace palimpsest
