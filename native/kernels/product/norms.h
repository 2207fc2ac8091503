#pragma once

#include "kernels/product/operand.h"
#include "kernels/product/plan.h"

namespace palimpsest::product {

// out[n] = sum_ij P_n[i, j]^2 with P_n = A_n^T B_n made block by block; extents.batches is the number of
// norms and extents.examples is 1.
template <typename T>
void run_norms(const Call& call, const Extents& extents, const Operand<T>& a, const Operand<T>& b, T* out);

// A symmetric matrix K_n[s, t] = sum_k r(n, k, s) c(n, k, t), where both sides hold the same values.
template <typename T>
struct GramSide {
  const Operand<T>& rows;
  const Operand<T>& columns;
  Index depth;
};

// The same norms as out[n] = sum_st K_n[s, t] L_n[s, t], where K and L are the Gram matrices of the examples'
// steps.
template <typename T>
void run_gram_norms(const Call& call, Index examples, Index steps, const GramSide<T>& k, const GramSide<T>& l,
                    T* out);

// Whether the Gram form takes fewer multiply-adds: T^2 (I + J) against T I J.
inline bool gram_is_cheaper(Index steps, Index rows, Index columns) {
  return static_cast<double>(steps) * static_cast<double>(rows + columns) <
         static_cast<double>(rows) * static_cast<double>(columns);
}

}  // namespace palimpsest::product
