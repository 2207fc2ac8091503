#pragma once

#include <limits>

#include "kernels/product/operand.h"

namespace palimpsest::product {

// Two panels of the same depth and the block of output they make.
template <typename T>
struct PanelProduct {
  Panel<T> a;
  Slivers rows;
  Panel<T> b;
  Slivers columns;
  DepthBlock depth;
  T* c;
  Index c_step;
  // See Tile; column_start is readable up to a whole number of tiles.
  const T* row_start = nullptr;
  const T* column_start = nullptr;
  // Other tiles than those of T, for operands that hold something else than numbers of T.
  const MicroKernels<T>* kernels = nullptr;
  // Tiles are left out where every column is beyond its row by more than this.
  Index diagonal = std::numeric_limits<Index>::max() / 2;
};

// C (=, +=) sum over all depth.
template <typename T>
void multiply_panels(const PanelProduct<T>& job, Update update);

// C += sum over examples of the square of the sum over the example's steps. The slivers of rows must be at
// most square_tile_rows(steps) high.
template <typename T>
void square_panels(const PanelProduct<T>& job);

template <typename T>
Index square_tile_rows(Index steps);

}  // namespace palimpsest::product
