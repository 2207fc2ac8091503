#pragma once

#include "core/kernel.h"
#include "kernels/product/blocks.h"
#include "kernels/product/micro/micro_kernels.h"

namespace palimpsest::product {

// One operand's block of rows (or columns) and depth, ready for the tiles.
template <typename T>
struct Panel {
  const T* data;
  Index row_step;    // between rows; 1, or anything when depth_step is 1 and the panel serves as rows
  Index depth_step;  // between steps of depth; 0: packed, every sliver by itself and as wide as it is
  // The packed last sliver of columns used in place, if it ends inside a vector.
  const T* edge = nullptr;
};

template <typename T>
Slivers column_slivers(Index extent) {
  return {extent, micro_kernels<T>().columns(), micro_kernels<T>().lanes};
}

// Where a sliver of a panel lies, in the terms of Tile.
template <typename T>
struct SliverView {
  const T* data;
  Index step;
  bool apart;
};

template <typename T>
SliverView<T> sliver_of(const Panel<T>& panel, Index begin, Index size, Index width, Index depth) {
  if (panel.edge != nullptr && size != width) return {panel.edge, width, false};
  if (panel.depth_step == 0) return {panel.data + begin * depth, width, false};
  if (panel.row_step == 1) return {panel.data + begin, panel.depth_step, false};
  return {panel.data + begin * panel.row_step, panel.row_step, true};
}

// One side of a product: elements (example, step of depth, row). Rows are what the output keeps, of either
// side.
template <typename T>
class Operand {
 public:
  virtual ~Operand() = default;
  // The rows [rows.begin, rows.end) at the depth of the block, for these slivers; packed into `scratch`, or
  // where they lie. Tiles read every element `uses` times: as often as the other side has slivers.
  virtual Panel<T> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index uses,
                         T* scratch) const = 0;
  // How many elements of scratch a panel of at most this many rows and steps of depth needs.
  virtual Index scratch_size(Index rows, Index depth) const = 0;
};

// Elements data[example * example_step + step * depth_step + row * row_step], where depth_step or row_step
// is 1. With a period, examples repeat after so many.
//
// Panels that are read often are packed. In place every step of depth may lie on a page of its own, more of
// them than the first level of address translation holds (64 on many processors), and rows at a multiple of
// 4 KiB from each other compete for one set of the cache: products of transposed matrices as wide as 3072
// ran at half their speed. Read once or twice, a panel is used where it lies if vectors can be.
template <typename T>
class Matrix : public Operand<T> {
 public:
  // `steps` is the depth of an example.
  Matrix(const T* data, Index example_step, Index depth_step, Index row_step, Index steps,
         Index period = 0);

  Panel<T> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index uses,
                 T* scratch) const override;
  Index scratch_size(Index rows, Index depth) const override;

 private:
  void pack(const T* first, Index runs, Index depth, const Slivers& slivers, T* to) const;

  const T* data_;
  Index example_step_;
  Index depth_step_;
  Index row_step_;
  Index period_;
};

}  // namespace palimpsest::product
