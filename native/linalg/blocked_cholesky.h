#pragma once

#include <algorithm>
#include <cmath>

#include "core/checked.h"
#include "core/kernel.h"
#include "kernels/product/product.h"

// The lower factor of large symmetric matrices by the product machinery. LAPACK's own takes most of its time in
// triangular solves, whose innermost blocks OpenBLAS computes one number at a time.
//
// Roofline: n^3 / 6 multiply-adds, nearly all in products; every element is loaded and stored once a step of
// 32, 128 and n, not once for every block column before it.
namespace palimpsest {

template <typename T>
class BlockedCholesky {
 public:
  // Columns of a block.
  static constexpr std::int64_t kBlock = 128;

  // `in_parallel`: whether the rows below a block are divided among the call's threads. The bits are the same.
  BlockedCholesky(const Call& call, T* l, std::size_t n, bool in_parallel)
      : call_(call), l_(l), n_(static_cast<Index>(n)), in_parallel_(in_parallel) {}

  // The lower triangle becomes the factor; what lies above it within a block of the diagonal is overwritten.
  // Returns LAPACK's info: 0, or the number of the first pivot that is not positive, counted from one.
  //
  // Block column by block column, each from what has been factored on its left: take the product of those rows
  // off all rows at once, factor the block on the diagonal, solve for the rows below it.
  int run() const {
    for (Index k = 0; k < n_; k += kBlock) {
      const Range block{k, std::min(n_, k + kBlock)};
      if (k > 0) for_each_rows(k, [&](Range rows) { subtract(rows, block, {0, k}); });
      T inverses[kBlock * kSmall];
      if (const Index pivot = factor_diagonal(block, inverses); pivot != 0) return static_cast<int>(pivot);
      for_each_rows(block.end, [&](Range rows) { solve(rows, block, inverses); });
      if (call_.workers.cancelled()) return 0;
    }
    return 0;
  }

 private:
  using Index = product::Index;
  using Range = product::Range;
  using Side = product::Matrix<T>;

  // Blocks within a block of columns, which are solved by their inverses; rows of one task, and tasks.
  static constexpr Index kSmall = 32;
  static constexpr Index kMostRows = product::kPanelRows, kFewestRows = 48, kTasks = 8;

  T* at(Index row, Index column) const { return l_ + row * n_ + column; }

  template <typename Body>
  void for_each_rows(Index first, const Body& body) const {
    const Index share = product::round_up((n_ - first) / kTasks, 12);
    const product::Cut cut{n_ - first, std::clamp(share, kFewestRows, kMostRows)};
    const auto run = [&](std::size_t i) {
      const Range rows = cut[static_cast<Index>(i)];
      body(Range{first + rows.begin, first + rows.end});
    };
    const auto count = static_cast<std::size_t>(cut.count());
    if (in_parallel_) return call_.workers.parallel_for(count, run);
    for (std::size_t i = 0; i < count; ++i) run(i);
  }

  // P(i, j) = sum_d a(i, d) b(j, d), and then use(P, its step).
  template <typename Use>
  void multiply(const Side& a, const Side& b, Range rows, Range columns, Index steps, const Use& use) const {
    const product::DepthCut depth{1, steps, product::kPanelDepthBytes / static_cast<Index>(sizeof(T))};
    const Index size_a = product::round_up(a.scratch_size(rows.size(), depth.largest()), 64);
    const Index size_b = product::round_up(b.scratch_size(columns.size(), depth.largest()), 64);
    const Index step = product::round_up(columns.size(), product::kSlack);
    const Index size = size_a + size_b + rows.size() * step + product::kSlack;
    const StoragePtr scratch = call_.scratch(checked_mul(static_cast<std::size_t>(size), sizeof(T)));
    T* const first = reinterpret_cast<T*>(scratch->data());
    T* const p = first + size_a + size_b;
    product::multiply_block(a, b, 0, depth, rows, columns, first, first + size_a, p, step);
    use(p, step);
  }

  Side side(Range depth) const { return Side(l_ + depth.begin, 0, 1, n_, depth.size()); }

  // The columns of these rows lose the product of `depth` of the rows and of the columns' own.
  void subtract(Range rows, Range columns, Range depth) const {
    const Side factor = side(depth);
    multiply(factor, factor, rows, columns, depth.size(), [&](const T* p, Index step) {
      for (Index i = 0; i < rows.size(); ++i, p += step) {
        T* const to = at(rows.begin + i, columns.begin);
        for (Index j = 0; j < columns.size(); ++j) to[j] -= p[j];
      }
    });
  }

  // X of X L^T = A for rows of A where they lie, L being the block on the diagonal of these columns.
  void solve(Range rows, Range block, const T* inverses) const {
    for (Index c = block.begin; c < block.end; c += kSmall) {
      const Range columns{c, std::min(block.end, c + kSmall)};
      if (c > block.begin) subtract(rows, columns, {block.begin, c});
      const Side inverse(inverses + (c - block.begin) * kSmall, 0, 1, kSmall, columns.size());
      multiply(side(columns), inverse, rows, {0, columns.size()}, columns.size(), [&](const T* p, Index step) {
        for (Index i = 0; i < rows.size(); ++i) std::copy_n(p + i * step, columns.size(), at(rows.begin + i, c));
      });
    }
  }

  // The same on the diagonal. Inverses of its small blocks go to `inverses`, one below the other.
  Index factor_diagonal(Range block, T* inverses) const {
    for (Index c = block.begin; c < block.end; c += kSmall) {
      const Range columns{c, std::min(block.end, c + kSmall)};
      if (c > block.begin) subtract({c, block.end}, columns, {block.begin, c});
      if (const Index pivot = factor_small(columns); pivot != 0) return pivot;
      T* const inverse = inverses + (c - block.begin) * kSmall;
      invert_small(columns, inverse);
      if (columns.end < block.end) solve({columns.end, block.end}, columns, inverse);
    }
    return 0;
  }

  Index factor_small(Range block) const {
    for (Index j = block.begin; j < block.end; ++j) {
      const T* const across = at(j, block.begin);
      for (Index i = j; i < block.end; ++i) {
        T* const row = at(i, block.begin);
        T value = row[j - block.begin];
        for (Index k = 0; k < j - block.begin; ++k) value -= row[k] * across[k];
        if (i == j && !(value > 0)) return j + 1;
        row[j - block.begin] = i == j ? std::sqrt(value) : value / across[j - block.begin];
      }
    }
    return 0;
  }

  // Row by row: L Y = I.
  void invert_small(Range block, T* inverse) const {
    const Index size = block.size();
    for (Index i = 0; i < size; ++i) {
      const T* const row = at(block.begin + i, block.begin);
      T* const y = inverse + i * kSmall;
      std::fill_n(y, kSmall, T{0});
      y[i] = 1;
      for (Index k = 0; k < i; ++k) {
        for (Index j = 0; j < size; ++j) y[j] -= row[k] * inverse[k * kSmall + j];
      }
      for (Index j = 0; j < size; ++j) y[j] /= row[i];
    }
  }

  const Call& call_;
  T* const l_;
  const Index n_;
  const bool in_parallel_;
};

}  // namespace palimpsest
