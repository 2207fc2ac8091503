#pragma once

#include "core/half.h"
#include "kernels/product/operand.h"

namespace palimpsest::product {

// A matrix of bfloat16 as `Matrix` describes one, as the tiles of `pair_kernels` read it: an element is a
// pair of neighbours along the depth, which stands where a float would. `depth` is that of the numbers; an
// odd one ends with a pair of which the second is zero. One example at a time.
class PairMatrix : public Operand<float> {
 public:
  PairMatrix(const BFloat16* data, Index example_step, Index depth_step, Index row_step, Index depth);

  // The depth of blocks counts pairs.
  Panel<float> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index uses,
                     float* scratch) const override;
  Index scratch_size(Index rows, Index depth) const override;

 private:
  void pack_steps(const std::uint16_t* first, Index begin, Index pairs, const Slivers& slivers,
                  float* to) const;
  void pack_rows(const std::uint16_t* first, Index begin, Index pairs, const Slivers& slivers,
                 float* to) const;
  void copy_row(const std::uint16_t* row, Index begin, Index pairs, float* to) const;

  const std::uint16_t* data_;
  Index example_step_;
  Index depth_step_;
  Index row_step_;
  Index depth_;
};

}  // namespace palimpsest::product
