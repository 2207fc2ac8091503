#pragma once

#include "core/half.h"
#include "kernels/product/operand.h"

namespace palimpsest::product {

// A matrix of 16-bit floats as `Matrix` describes one, widened while it is packed: memory is read once, at
// half the bytes, and the panels are those of floats. One example at a time.
template <typename Half>
class HalfMatrix : public Operand<float> {
 public:
  HalfMatrix(const Half* data, Index example_step, Index depth_step, Index row_step);

  Panel<float> panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index uses,
                     float* scratch) const override;
  Index scratch_size(Index rows, Index depth) const override;

 private:
  void pack_steps(const std::uint16_t* first, Index depth, const Slivers& slivers, float* to) const;
  void pack_rows(const std::uint16_t* first, Index depth, const Slivers& slivers, float* to) const;

  const std::uint16_t* data_;
  Index example_step_;
  Index depth_step_;
  Index row_step_;
};

}  // namespace palimpsest::product
