#include "kernels/product/norms.h"

#include <functional>

#include "core/checked.h"
#include "kernels/product/product.h"

namespace palimpsest::product {
namespace {

// A block of the product lies in scratch until it is summed: small enough to stay in the second-level cache.
constexpr Index kBlockRows = 240;
constexpr Index kBlockColumns = 256;

template <typename T>
DepthCut depth_cut(Index steps) {
  return {1, steps, static_cast<Index>(1024 / sizeof(T))};
}

// Runs part(example, block, scratch) for all blocks of all examples and adds each example's results in order
// of block. `work` is the multiply-adds of an example.
template <typename T>
void sum_blocks(const Call& call, Index examples, Index blocks, double work, Index scratch_size,
                const std::function<double(Index, Index, T*)>& part, T* out) {
  const auto count = static_cast<std::size_t>(examples * blocks);
  const StoragePtr storage = call.scratch(checked_mul(count, sizeof(double)));
  double* const parts = reinterpret_cast<double*>(storage->data());
  const Index wanted = tasks_wanted(work * static_cast<double>(examples));
  const Cut tasks{examples * blocks, std::max<Index>(1, examples * blocks / wanted)};
  call.workers.parallel_for(static_cast<std::size_t>(tasks.count()), [&](std::size_t index) {
    const StoragePtr scratch = call.scratch(checked_mul(static_cast<std::size_t>(scratch_size), sizeof(T)));
    const Range range = tasks[static_cast<Index>(index)];
    for (Index i = range.begin; i < range.end && !call.workers.cancelled(); ++i) {
      parts[i] = part(i / blocks, i % blocks, reinterpret_cast<T*>(scratch->data()));
    }
  });
  for (Index n = 0; n < examples; ++n) {
    double sum = 0;
    for (Index block = 0; block < blocks; ++block) sum += parts[n * blocks + block];
    out[n] = static_cast<T>(sum);
  }
}

// Scratch for one block of the product and its two panels.
template <typename T>
struct BlockScratch {
  BlockScratch(const Operand<T>& a, const Operand<T>& b, Index rows, Index columns, Index depth)
      : panel_b(round_up(a.scratch_size(rows, depth), kSlack)),
        block(panel_b + round_up(b.scratch_size(columns, depth), kSlack)),
        end(block + round_up(rows * columns, kSlack)) {}

  Index panel_b, block, end;
};

}  // namespace

template <typename T>
void run_norms(const Call& call, const Extents& e, const Operand<T>& a, const Operand<T>& b, T* out) {
  const Cut rows{e.rows, std::min(kBlockRows, std::max<Index>(1, e.rows))};
  const Cut columns{e.columns, std::min(kBlockColumns, std::max<Index>(1, e.columns))};
  const DepthCut depth = depth_cut<T>(e.steps);
  const BlockScratch<T> layout(a, b, rows.block, columns.block, depth.largest());
  const auto part = [&](Index example, Index block, T* scratch) {
    const Range i = rows[block / columns.count()], j = columns[block % columns.count()];
    T* const sum = scratch + layout.block;
    multiply_block(a, b, example, depth, i, j, scratch, scratch + layout.panel_b, sum, j.size());
    return micro_kernels<T>().dot(sum, j.size(), sum, j.size(), j.size(), i.size());
  };
  const double work =
      static_cast<double>(e.steps) * static_cast<double>(e.rows) * static_cast<double>(e.columns);
  const Index blocks = e.steps == 0 ? 0 : rows.count() * columns.count();
  sum_blocks<T>(call, e.batches, blocks, work, layout.end, part, out);
}

template <typename T>
void run_gram_norms(const Call& call, Index examples, Index steps, const GramSide<T>& k, const GramSide<T>& l,
                    T* out) {
  const Cut cut{steps, std::min(kBlockRows, std::max<Index>(1, steps))};
  const DepthCut depth_k = depth_cut<T>(k.depth), depth_l = depth_cut<T>(l.depth);
  const BlockScratch<T> layout_k(k.rows, k.columns, cut.block, cut.block, depth_k.largest());
  const BlockScratch<T> layout_l(l.rows, l.columns, cut.block, cut.block, depth_l.largest());
  const auto part = [&](Index example, Index block, T* scratch) {
    const Range i = cut[block / cut.count()], j = cut[block % cut.count()];
    if (i.begin > j.begin) return 0.0;  // the mirror image of a block that counts twice
    T* const other = scratch + layout_k.end;
    T *const sum_k = scratch + layout_k.block, *const sum_l = other + layout_l.block;
    multiply_block(k.rows, k.columns, example, depth_k, i, j, scratch, scratch + layout_k.panel_b, sum_k,
                   j.size());
    multiply_block(l.rows, l.columns, example, depth_l, i, j, other, other + layout_l.panel_b, sum_l,
                   j.size());
    const double sum = micro_kernels<T>().dot(sum_k, j.size(), sum_l, j.size(), j.size(), i.size());
    return i.begin == j.begin ? sum : 2 * sum;
  };
  const double work =
      static_cast<double>(steps) * static_cast<double>(steps) * static_cast<double>(k.depth + l.depth);
  const Index blocks = k.depth == 0 || l.depth == 0 ? 0 : cut.count() * cut.count();
  sum_blocks<T>(call, examples, blocks, work, layout_k.end + layout_l.end, part, out);
  // Both matrices are positive semidefinite, hence so is the sum: a negative one is rounding.
  for (Index n = 0; n < examples; ++n) out[n] = out[n] < 0 ? T(0) : out[n];
}

#define PALIMPSEST_INSTANTIATE(T)                                                                 \
  template void run_norms(const Call&, const Extents&, const Operand<T>&, const Operand<T>&, T*); \
  template void run_gram_norms(const Call&, Index, Index, const GramSide<T>&, const GramSide<T>&, T*);
PALIMPSEST_INSTANTIATE(float)
PALIMPSEST_INSTANTIATE(double)
#undef PALIMPSEST_INSTANTIATE

}  // namespace palimpsest::product
