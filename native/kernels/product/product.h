#pragma once

#include "kernels/product/operand.h"
#include "kernels/product/panels.h"
#include "kernels/product/plan.h"

namespace palimpsest::product {

// P_n[i, j] = sum_t a(n, t, i) * b(n, t, j), and what is made of it for every batch: its sum over the batch's
// examples, or the sum of its squares.
enum class Reduction { sum, squares };

template <typename T>
struct Product {
  Extents extents;
  const Operand<T>& a;
  const Operand<T>& b;
  T* out;  // [batches, rows, columns], or [columns, rows] with a single batch when `transposed`
  Reduction reduction = Reduction::sum;
  bool transposed = false;
  // The rows of both sides are the same, batch by batch: tiles above the diagonal are not computed but mirrored.
  // Products of elements commute and the order of a sum is the same on both sides, so the bits are those of the
  // whole product. For sums without a bias.
  bool symmetric = false;
  // Added to every column (a value a row) or every row (a value a column); not with squares, and not
  // transposed.
  const T* row_bias = nullptr;
  const T* column_bias = nullptr;
  // So many batches in turn have a `row_bias` each.
  Index biased_batches = 1;
  // See PanelProduct; for sums only.
  const MicroKernels<T>* kernels = nullptr;
};

template <typename T>
void run_product(const Call& call, const Product<T>& product);

// out (=, +=) a block of the product, over all of `depth` for one example. `scratch` holds what the two
// operands ask for.
template <typename T>
void multiply_block(const Operand<T>& a, const Operand<T>& b, Index example, DepthCut depth, Range rows,
                    Range columns, T* scratch_a, T* scratch_b, T* c, Index c_step);

}  // namespace palimpsest::product
