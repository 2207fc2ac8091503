#pragma once

#include <vector>

#include "core/pool.h"
#include "kernels/product/plan.h"

namespace palimpsest::product {

// What one task computes of the output, or the part of it up to the diagonal.
struct OutputBlock {
  Range rows;
  Range columns;
};

std::vector<OutputBlock> blocks_of(const Plan& plan);

// As many blocks, whose parts up to the diagonal of n rows and columns are nearly equal areas: whole rows, for
// each to be packed once. Heights are multiples of `unit`.
std::vector<OutputBlock> blocks_of_triangle(Index n, const Plan& plan, Index unit);

// Copies what lies below the diagonals of n x n matrices to above them. Bound by memory: an element is read and
// written once.
template <typename T>
void mirror_lower(const Workers& workers, T* out, Index batches, Index n);

}  // namespace palimpsest::product
