#pragma once

#include <vector>

#include "kernels/product/operand.h"

namespace palimpsest::product {

// Rows of an operand whose examples are all the same, packed once for every block of depth and then used for
// many products.
template <typename T>
class PackedRows : public Operand<T> {
 public:
  static Index elements(const Operand<T>& of, Index rows, const DepthCut& depth) {
    return depth.count() * round_up(of.scratch_size(rows, depth.largest()), kSlack);
  }

  // `storage` holds elements() of T and stays as long as this does.
  PackedRows(const Operand<T>& of, Range rows, const DepthCut& depth, T* storage) {
    const Slivers slivers{rows.size(), micro_kernels<T>().tile_rows};
    const Index size = round_up(of.scratch_size(rows.size(), depth.largest()), kSlack);
    for (Index d = 0; d < depth.count(); ++d, storage += size) {
      begins_.push_back(depth[d].begin);
      panels_.push_back(of.panel(depth[d], rows, slivers, kUsedOften, storage));
    }
  }

  // For the rows and blocks of depth given to the constructor.
  Panel<T> panel(const DepthBlock& block, Range, const Slivers&, Index, T*) const override {
    std::size_t d = 0;
    while (begins_[d] != block.begin) ++d;
    return panels_[d];
  }
  Index scratch_size(Index, Index) const override { return 0; }
  double packing_cost(bool) const override { return 0; }

 private:
  static constexpr Index kUsedOften = 1 << 20;

  std::vector<Index> begins_;
  std::vector<Panel<T>> panels_;
};

}  // namespace palimpsest::product
