#include "kernels/product/plan.h"

#include <limits>

#include "kernels/product/micro/micro_kernels.h"

namespace palimpsest::product {
namespace {

// A panel of rows (kPanelRows x 384 floats: 360 KiB) stays in the second-level cache (1 MiB), while a sliver
// of columns (32 x 384 floats: 48 KiB) passes by once for all of its rows. Panels of columns lie in the third
// level, or in memory: a sliver of them is read once a panel of rows, some 100,000 cycles.
constexpr Index kBlockColumns = 512;
constexpr Index kWidestColumns = 4096;

// A task of this many multiply-adds takes some 30 us; smaller ones are not worth waking a thread.
constexpr double kTaskWork = 4e6;
// Tasks for each thread, so that all finish together though one may be interrupted.
constexpr double kTasksAThread = 4;
// Tasks enough for the threads of a large machine to finish together, as long as blocks remain efficient
// (panels of rows stay whole),
constexpr Index kManyTasks = 64;
constexpr Index kEfficientColumns = 256;
// and tasks enough for a small machine, as long as blocks and chunks of depth are worth handling at all.
constexpr Index kFewTasks = 8;
constexpr Index kSmallestRows = 48;
constexpr Index kSmallestColumns = 64;
constexpr double kShortestChunk = 512;
constexpr double kLongChunk = 4096;

Cut even_cut(Index extent, Index block, Index unit) {
  const Index blocks = std::max<Index>(1, ceil_div(extent, block));
  return {extent, std::max(unit, round_up(ceil_div(extent, blocks), unit))};
}

// The blocks of rows and columns, at least `enough` in all, for which operands are packed least: rows once
// for every block of columns and columns once for every block of rows.
template <typename T>
void cut_outputs(const Extents& extents, Index enough, PackingCosts costs, Plan& plan) {
  const Index row_unit = micro_kernels<T>().tile_rows, column_unit = micro_kernels<T>().columns();
  const Index most_rows = std::max<Index>(1, extents.rows / kSmallestRows);
  const Index most_columns = std::max<Index>(1, extents.columns / kSmallestColumns);
  const Index fewest_columns = ceil_div(extents.columns, kWidestColumns);
  double least = std::numeric_limits<double>::infinity();
  for (Index r = 1; r <= std::min(enough, most_rows); ++r) {
    const Index c = std::max(fewest_columns, std::min(most_columns, ceil_div(enough, r)));
    const double cost = static_cast<double>(c * extents.rows) * costs.rows +
                        static_cast<double>(r * extents.columns) * costs.columns;
    // Too few blocks leave threads without work: worse than any packing.
    const double price = r * c < enough ? cost + 1e18 / static_cast<double>(r * c) : cost;
    if (price >= least) continue;
    least = price;
    plan.rows = even_cut(extents.rows, ceil_div(extents.rows, r), row_unit);
    plan.columns = even_cut(extents.columns, ceil_div(extents.columns, c), column_unit);
  }
}

}  // namespace

Index tasks_wanted(double work) {
  return static_cast<Index>(std::clamp(work / kTaskWork, 1.0, static_cast<double>(kManyTasks)));
}

template <typename T>
Plan plan_product(const Extents& extents, bool whole_examples, PackingCosts costs, std::size_t threads) {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Index row_unit = kernels.tile_rows;
  const Index column_unit = kernels.columns();
  const double depth = static_cast<double>(extents.examples) * static_cast<double>(extents.steps);
  const double work = static_cast<double>(extents.batches) * static_cast<double>(extents.rows) *
                      static_cast<double>(extents.columns) * depth;
  const Index wanted = tasks_wanted(work);

  Plan plan;
  plan.rows = even_cut(extents.rows, kPanelRows, row_unit);
  plan.columns = even_cut(extents.columns, kBlockColumns, column_unit);
  const auto tasks = [&] { return extents.batches * plan.rows.count() * plan.columns.count(); };
  // Halves the longer side of the blocks until there are enough of them.
  const auto shrink = [&](Index enough, Index fewest_rows, Index fewest_columns) {
    while (tasks() < enough) {
      const Index rows = plan.rows.block / 2, columns = plan.columns.block / 2;
      const bool rows_can = rows >= fewest_rows, columns_can = columns >= fewest_columns;
      if (!rows_can && !columns_can) return;
      if (rows_can && (rows >= columns || !columns_can)) {
        plan.rows = even_cut(extents.rows, rows, row_unit);
      } else {
        plan.columns = even_cut(extents.columns, columns, column_unit);
      }
    }
  };
  shrink(wanted, kPanelRows, kEfficientColumns);
  plan.depth = {extents.examples, extents.steps, kPanelDepthBytes / static_cast<Index>(sizeof(T))};
  plan.unit = whole_examples ? plan.depth.parts() : 1;
  const Index units = plan.depth.count() / plan.unit;
  const auto chunks = [&](double shortest) {
    const Index room = wanted / std::max<Index>(1, tasks());
    return std::clamp<Index>(room, 1, std::min(units, static_cast<Index>(std::max(1.0, depth / shortest))));
  };
  // A long sum is rather cut in chunks than in smaller blocks, which would pack its operands more often.
  if (tasks() * chunks(kLongChunk) < kFewTasks) {
    shrink(std::min(wanted, kFewTasks), kSmallestRows, kSmallestColumns);
  }
  plan.chunks = {units, ceil_div(units, chunks(kShortestChunk))};
  // The blocks above say how the depth is cut. Sums of squares keep them: their product lies in scratch.
  const double for_threads = kTasksAThread * static_cast<double>(threads);
  const double most = static_cast<double>(wanted);
  const Index enough = whole_examples ? wanted : static_cast<Index>(std::min(for_threads, most));
  plan.batches = {extents.batches, std::max<Index>(1, extents.batches / enough)};
  if (!whole_examples) {
    const Index others = plan.batches.count() * plan.chunks.count();
    cut_outputs<T>(extents, ceil_div(enough, others), costs, plan);
  }
  return plan;
}

template Plan plan_product<float>(const Extents&, bool, PackingCosts, std::size_t);
template Plan plan_product<double>(const Extents&, bool, PackingCosts, std::size_t);

}  // namespace palimpsest::product
