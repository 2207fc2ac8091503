#include "kernels/product/plan.h"

#include "kernels/product/micro/micro_kernels.h"

namespace palimpsest::product {
namespace {

// A block of rows (kBlockRows x kBlockDepth floats: 480 KiB) and the sliver of columns in use stay in the
// second-level cache (1 MiB), while a sliver of columns (32 x 256 floats: 32 KiB) stays in the first-level
// one (32 or 48 KiB) for all slivers of rows. Packing costs about one cycle an element where it is needed,
// which these sizes spread over 15 multiply-add cycles.
constexpr Index kBlockRows = 480;
constexpr Index kBlockColumns = 512;
constexpr Index kBlockBytes = 1024;  // depth: 256 floats, 128 doubles

// A task of this many multiply-adds takes some 30 us; smaller ones are not worth waking a thread.
constexpr double kTaskWork = 4e6;
// Tasks enough for the threads of a large machine to finish together, as long as blocks remain efficient,
constexpr Index kManyTasks = 64;
constexpr Index kEfficientRows = 384;
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

}  // namespace

Index tasks_wanted(double work) {
  return static_cast<Index>(std::clamp(work / kTaskWork, 1.0, static_cast<double>(kManyTasks)));
}

template <typename T>
Plan plan_product(const Extents& extents, bool whole_examples) {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Index row_unit = kernels.tile_rows;
  const Index column_unit = kernels.columns();
  const double depth = static_cast<double>(extents.examples) * static_cast<double>(extents.steps);
  const double work = static_cast<double>(extents.batches) * static_cast<double>(extents.rows) *
                      static_cast<double>(extents.columns) * depth;
  const Index wanted = tasks_wanted(work);

  Plan plan;
  plan.rows = even_cut(extents.rows, kBlockRows, row_unit);
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
  shrink(wanted, kEfficientRows, kEfficientColumns);
  plan.depth = {extents.examples, extents.steps, kBlockBytes / static_cast<Index>(sizeof(T))};
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
  plan.batches = {extents.batches, std::max<Index>(1, extents.batches / wanted)};
  return plan;
}

template Plan plan_product<float>(const Extents&, bool);
template Plan plan_product<double>(const Extents&, bool);

}  // namespace palimpsest::product
