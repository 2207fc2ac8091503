#pragma once

#include "core/kernel.h"

namespace palimpsest::thin {

// out_n[i, j] = sum_k a_n[i, k] b_n[k, j] (+ bias[j]), where one side has at most 8 rows (or columns): such a
// product reads the other side once, and is as fast as memory. The sides may be of 16-bit floats E, which are
// widened piece by piece.
template <typename T, typename E = T>
struct Matrices {
  std::size_t batches, rows, columns, depth;
  const E *a, *b;
  std::size_t a_batch_step, b_batch_step;
  bool a_transposed, b_transposed;  // a lies as [depth, rows], b as [columns, depth]
  const T* bias;                    // may be null
  T* out;                           // [batches, rows, columns]
};

// Whether a product of these extents is thin, and large enough to be worth it.
bool is_thin(std::size_t rows, std::size_t columns, std::size_t depth);

template <typename T, typename E>
void multiply(const Call& call, const Matrices<T, E>& matrices);

}  // namespace palimpsest::thin
