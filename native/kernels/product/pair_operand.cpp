#include "kernels/product/pair_operand.h"

#include <cstring>
#include <vector>

namespace palimpsest::product {
namespace {

// As in half_operand.cpp.
constexpr Index kSteps = 64;
constexpr Index kWidest = kMaxVectors * kSlack;
constexpr Index kGap = 16;

bool is_aligned(const std::uint16_t* data) {
  return reinterpret_cast<std::uintptr_t>(data) % sizeof(float) == 0;
}

}  // namespace

PairMatrix::PairMatrix(const BFloat16* data, Index example_step, Index depth_step, Index row_step,
                       Index depth)
    : data_(reinterpret_cast<const std::uint16_t*>(data)),
      example_step_(example_step),
      depth_step_(depth_step),
      row_step_(row_step),
      depth_(depth) {}

Index PairMatrix::scratch_size(Index rows, Index depth) const {
  return round_up(rows, micro_kernels<float>().columns()) * (depth + kGap) + kSlack;
}

Panel<float> PairMatrix::panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index,
                               float* scratch) const {
  const std::uint16_t* first = data_ + block.example * example_step_ + rows.begin * row_step_;
  const Index pairs = block.depth();
  if (row_step_ == 1) {
    pack_steps(first, block.begin, pairs, slivers, scratch);
    return {scratch, 1, 0};
  }
  if (slivers.lanes > 1) {
    pack_rows(first, block.begin, pairs, slivers, scratch);
    return {scratch, 1, 0};
  }
  // Pairs lie in memory as they are wanted, if they begin where floats may.
  if (is_aligned(first) && depth_ % 2 == 0 && row_step_ % 2 == 0) {
    return {reinterpret_cast<const float*>(first) + block.begin, row_step_ / 2, 1};
  }
  for (Index i = 0; i < rows.size(); ++i) {
    copy_row(first + i * row_step_, block.begin, pairs, scratch + i * (pairs + kGap));
  }
  return {scratch, pairs + kGap, 1};
}

// Rows lie side by side in every step of depth.
void PairMatrix::pack_steps(const std::uint16_t* first, Index begin, Index pairs, const Slivers& slivers,
                            float* to) const {
  const bool is_odd_end = 2 * (begin + pairs) > depth_;
  const std::vector<std::uint16_t> zeros(is_odd_end ? static_cast<std::size_t>(slivers.extent) : 0);
  for (Index k = 0; k < pairs; ++k) {
    const Index step = 2 * (begin + k);
    const std::uint16_t* low = first + step * depth_step_;
    const std::uint16_t* high = step + 1 < depth_ ? low + depth_step_ : zeros.data();
    slivers.for_each([&](Index from, Index size, Index width) {
      pair_kernels()->interleave(low + from, high + from, size, to + from * pairs + k * width);
    });
  }
}

// Steps of depth lie side by side in every row: some of them are copied, then turned.
void PairMatrix::pack_rows(const std::uint16_t* first, Index begin, Index pairs, const Slivers& slivers,
                           float* to) const {
  alignas(64) float buffer[kWidest * kSteps];
  slivers.for_each([&](Index from, Index size, Index width) {
    for (Index k = 0; k < pairs; k += kSteps) {
      const Index steps = std::min(kSteps, pairs - k);
      for (Index i = 0; i < size; ++i) {
        copy_row(first + (from + i) * row_step_, begin + k, steps, buffer + i * kSteps);
      }
      micro_kernels<float>().transpose(buffer, kSteps, size, steps, to + from * pairs + k * width, width);
    }
  });
}

// Pairs [begin, begin + pairs) of a row whose steps of depth lie side by side.
void PairMatrix::copy_row(const std::uint16_t* row, Index begin, Index pairs, float* to) const {
  const Index numbers = std::min(2 * pairs, depth_ - 2 * begin);
  const auto bytes = static_cast<std::size_t>(numbers) * sizeof(std::uint16_t);
  std::memcpy(to, row + 2 * begin, bytes);
  if (numbers < 2 * pairs) std::memset(reinterpret_cast<std::byte*>(to) + bytes, 0, sizeof(std::uint16_t));
}

}  // namespace palimpsest::product
