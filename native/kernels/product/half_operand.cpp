#include "kernels/product/half_operand.h"

namespace palimpsest::product {
namespace {

// Steps of depth that go through a buffer together: with the widest sliver 8 KiB, a quarter of the
// first-level cache.
constexpr Index kSteps = 64;
constexpr Index kWidest = kMaxVectors * kSlack;
// Rows that are read in place lie this much apart beyond their length, lest they compete for the sets of a
// cache.
constexpr Index kGap = 16;

template <typename Half>
auto widen() {
  const MicroKernels<float>& kernels = micro_kernels<float>();
  return __is_same(Half, BFloat16) ? kernels.widen_bfloat16 : kernels.widen_float16;
}

}  // namespace

template <typename Half>
HalfMatrix<Half>::HalfMatrix(const Half* data, Index example_step, Index depth_step, Index row_step)
    : data_(reinterpret_cast<const std::uint16_t*>(data)),
      example_step_(example_step),
      depth_step_(depth_step),
      row_step_(row_step) {}

template <typename Half>
Index HalfMatrix<Half>::scratch_size(Index rows, Index depth) const {
  return round_up(rows, micro_kernels<float>().columns()) * (depth + kGap) + kSlack;
}

template <typename Half>
Panel<float> HalfMatrix<Half>::panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index,
                                     float* scratch) const {
  const std::uint16_t* first =
      data_ + block.example * example_step_ + block.begin * depth_step_ + rows.begin * row_step_;
  const Index depth = block.depth();
  if (row_step_ == 1) {
    pack_steps(first, depth, slivers, scratch);
    return {scratch, 1, 0};
  }
  if (slivers.lanes > 1) {
    pack_rows(first, depth, slivers, scratch);
    return {scratch, 1, 0};
  }
  const auto convert = widen<Half>();
  for (Index i = 0; i < rows.size(); ++i) convert(first + i * row_step_, depth, scratch + i * (depth + kGap));
  return {scratch, depth + kGap, 1};
}

// Rows lie side by side in every step of depth.
template <typename Half>
void HalfMatrix<Half>::pack_steps(const std::uint16_t* first, Index depth, const Slivers& slivers,
                                  float* to) const {
  const auto convert = widen<Half>();
  for (Index k = 0; k < depth; ++k) {
    const std::uint16_t* from = first + k * depth_step_;
    slivers.for_each([&](Index begin, Index size, Index width) {
      convert(from + begin, size, to + begin * depth + k * width);
    });
  }
}

// Steps of depth lie side by side in every row: some of them are widened, then turned.
template <typename Half>
void HalfMatrix<Half>::pack_rows(const std::uint16_t* first, Index depth, const Slivers& slivers,
                                 float* to) const {
  const auto convert = widen<Half>();
  alignas(64) float wide[kWidest * kSteps];
  slivers.for_each([&](Index begin, Index size, Index width) {
    for (Index k = 0; k < depth; k += kSteps) {
      const Index steps = std::min(kSteps, depth - k);
      for (Index i = 0; i < size; ++i) convert(first + (begin + i) * row_step_ + k, steps, wide + i * kSteps);
      micro_kernels<float>().transpose(wide, kSteps, size, steps, to + begin * depth + k * width, width);
    }
  });
}

template class HalfMatrix<BFloat16>;
template class HalfMatrix<Float16>;

}  // namespace palimpsest::product
