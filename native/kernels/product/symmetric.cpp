#include "kernels/product/symmetric.h"

#include <cmath>

#include "kernels/product/micro/micro_kernels.h"

namespace palimpsest::product {
namespace {

// Blocks of 64 x 64 floats, read by columns and written by rows, lie in the first-level cache.
constexpr Index kMirrored = 64;
// Rows of a block that are worth packing columns for.
constexpr Index kFewestRows = 48;
// Columns of one block: their panel stays in the third-level cache.
constexpr Index kMostColumns = 4096;

// Rows [first, last) and columns [column, n) of the upper triangle, where column >= first.
template <typename T>
void mirror_rows(T* out, Index n, Index first, Index last) {
  for (Index row = first; row < last; ++row) {
    for (Index column = row + 1; column < last; ++column) out[row * n + column] = out[column * n + row];
  }
  const MicroKernels<T>& kernels = micro_kernels<T>();
  for (Index column = last; column < n; column += kMirrored) {
    const Index width = std::min(kMirrored, n - column);
    // Whole vectors only: the kernel would write past others.
    const Index whole = width / kernels.lanes * kernels.lanes;
    if (whole > 0) {
      kernels.transpose(out + column * n + first, n, whole, last - first, out + first * n + column, n);
    }
    for (Index row = first; row < last; ++row) {
      for (Index i = column + whole; i < column + width; ++i) out[row * n + i] = out[i * n + row];
    }
  }
}

}  // namespace

std::vector<OutputBlock> blocks_of(const Plan& plan) {
  std::vector<OutputBlock> blocks;
  for (Index i = 0; i < plan.rows.count(); ++i) {
    for (Index j = 0; j < plan.columns.count(); ++j) blocks.push_back({plan.rows[i], plan.columns[j]});
  }
  return blocks;
}

std::vector<OutputBlock> blocks_of_triangle(Index n, const Plan& plan, Index unit) {
  const Index wanted = plan.rows.count() * plan.columns.count();
  const Index pieces = std::clamp<Index>(n / kFewestRows, 1, wanted);
  std::vector<OutputBlock> blocks;
  Index begin = 0;
  for (Index i = 1; i <= pieces; ++i) {
    // The rows above `end` hold i / pieces of the triangle.
    const double share = std::sqrt(static_cast<double>(i) / static_cast<double>(pieces));
    const Index end =
        i == pieces ? n : std::min(n, round_up(static_cast<Index>(share * static_cast<double>(n)), unit));
    if (end == begin) continue;
    const Cut columns{end, kMostColumns};
    for (Index j = 0; j < columns.count(); ++j) blocks.push_back({{begin, end}, columns[j]});
    begin = end;
  }
  return blocks;
}

template <typename T>
void mirror_lower(const Workers& workers, T* out, Index batches, Index n) {
  const Cut rows{n, kMirrored};
  workers.parallel_for(static_cast<std::size_t>(batches * rows.count()), [&](std::size_t index) {
    const Index task = static_cast<Index>(index), batch = task / rows.count();
    const Range range = rows[task % rows.count()];
    mirror_rows(out + batch * n * n, n, range.begin, range.end);
  });
}

template void mirror_lower(const Workers&, float*, Index, Index);
template void mirror_lower(const Workers&, double*, Index, Index);

}  // namespace palimpsest::product
