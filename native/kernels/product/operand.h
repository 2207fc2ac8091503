#pragma once

#include "core/kernel.h"
#include "kernels/product/blocks.h"
#include "kernels/product/micro_kernels.h"

namespace palimpsest::product {

// One operand's block of rows (or columns) and depth, ready for the tiles.
template <typename T>
struct Panel {
  const T* data;
  Index row_step;    // between rows; 1, or anything when depth_step is 1 and the panel serves as rows
  Index depth_step;  // between steps of depth; 0: packed, every sliver by itself and as wide as it is
};

// Where a sliver of a panel lies, in the terms of Tile.
template <typename T>
struct SliverView {
  const T* data;
  Index step;
  bool apart;
};

template <typename T>
Slivers column_slivers(Index extent) {
  return {extent, micro_kernels<T>().columns(), micro_kernels<T>().lanes};
}

template <typename T>
SliverView<T> sliver_of(const Panel<T>& panel, const Slivers& slivers, Index i, Index depth) {
  const Index begin = slivers.begin(i);
  if (panel.depth_step == 0) return {panel.data + begin * depth, slivers.width(i), false};
  if (panel.row_step == 1) return {panel.data + begin, panel.depth_step, false};
  return {panel.data + begin * panel.row_step, panel.row_step, true};
}

// One side of a product: element (example, step, row). Rows are what the output keeps, of either side.
template <typename T>
class Operand {
 public:
  virtual ~Operand() = default;
  // The rows [rows.begin, rows.end) at the depth of the block, cut in slivers; packed into `scratch` unless
  // it can be used where it lies. `reuse` says how many slivers of the other side will read it.
  virtual Panel<T> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index reuse,
                         T* scratch) const = 0;
  // How many elements of scratch a panel of at most this many rows and steps of depth needs.
  virtual Index scratch_size(Index rows, Index depth) const = 0;
  // Whether all examples are the same, so that packing once serves them all.
  virtual bool shared() const { return false; }
};

// Elements data[example * example_step + step * depth_step + row * row_step], where one of the steps is 1.
template <typename T>
class Matrix : public Operand<T> {
 public:
  Matrix(const T* data, Index example_step, Index depth_step, Index row_step, Index steps);
  // The matrix of squares of the elements.
  Matrix squared() const;

  Panel<T> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index reuse,
                 T* scratch) const override;
  Index scratch_size(Index rows, Index depth) const override;
  bool shared() const override { return example_step_ == 0; }

 private:
  const T* data_;
  Index example_step_;
  Index depth_step_;
  Index row_step_;
  bool squared_ = false;
};

// A shared operand packed once, whole, for the cuts it will be asked for.
template <typename T>
class Packed : public Operand<T> {
 public:
  Packed(const Call& call, const Operand<T>& source, Cut rows, DepthCut depth, Index tallest);

  Panel<T> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index reuse,
                 T* scratch) const override;
  Index scratch_size(Index, Index) const override { return 0; }

 private:
  Index offset(const DepthBlock& block) const;

  Index rows_;
  DepthCut depth_;
  StoragePtr storage_;
};

}  // namespace palimpsest::product
