#include "kernels/product/operand.h"

namespace palimpsest::product {
namespace {

// Steps that are copied together; copying asks for the next ones.
constexpr Index kCopySteps = 8;

// From how many uses on a panel is packed. A use is at least 3/8 of a cycle an element; copying takes a
// sixteenth, and turning rows into columns about one.
constexpr Index kUsesOfCopy = 2;
constexpr Index kUsesOfTransposed = 4;

// Whether stretches of `length` elements, `step` apart, use all sets of a cache evenly. A cache picks the set
// by the low bits of the address: stretches at multiples of 4 KiB, say, compete for the few sets that one of
// them covers.
template <typename T>
bool spread_over_cache(Index step, Index length) {
  const Index bytes = step * static_cast<Index>(sizeof(T));
  return (bytes & -bytes) <= length * static_cast<Index>(sizeof(T));
}

}  // namespace

template <typename T>
Matrix<T>::Matrix(const T* data, Index example_step, Index depth_step, Index row_step, Index steps,
                  Index period)
    : data_(data),
      example_step_(example_step),
      depth_step_(depth_step),
      row_step_(row_step),
      period_(period) {
  // Examples of a single step are steps of one long example, whichever way they were stored.
  if (steps == 1 && example_step != 0 && period == 0) {
    depth_step_ = example_step;
    row_step_ = 1;
  }
}

template <typename T>
Index Matrix<T>::scratch_size(Index rows, Index depth) const {
  return round_up(rows, micro_kernels<T>().columns()) * depth + kSlack;
}

template <typename T>
Panel<T> Matrix<T>::panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index uses,
                          T* scratch) const {
  const Index example = period_ == 0 ? block.example : block.example % period_;
  const T* first = data_ + example * example_step_ + block.begin * depth_step_ + rows.begin * row_step_;
  const bool lanes = slivers.lanes > 1;
  // Whether the steps of several examples follow each other evenly.
  const bool even = block.examples == 1 || example_step_ == block.count * depth_step_;
  if (uses >= (row_step_ == 1 ? kUsesOfCopy : kUsesOfTransposed)) {
    pack(first, even ? Index{1} : block.examples, block.depth(), slivers, scratch);
    return {scratch, 1, 0};
  }
  if (row_step_ == 1 && even && (!lanes || spread_over_cache<T>(depth_step_, rows.size()))) {
    // Lanes are loaded whole: a last sliver that ends inside a vector might end outside the matrix.
    const Index rest = rows.size() % slivers.lanes;
    if (rest == 0) return {first, 1, depth_step_};
    const Index edge = rows.size() / slivers.limit * slivers.limit;
    pack(first + edge, 1, block.depth(), Slivers{rows.size() - edge, slivers.limit, slivers.lanes}, scratch);
    return {first, 1, depth_step_, scratch};
  }
  if (depth_step_ == 1 && !lanes && block.examples == 1) return {first, row_step_, 1};
  pack(first, even ? Index{1} : block.examples, block.depth(), slivers, scratch);
  return {scratch, 1, 0};
}

// Packs the steps of so many runs of examples, together `depth`.
template <typename T>
void Matrix<T>::pack(const T* first, Index runs, Index depth, const Slivers& slivers, T* to) const {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const Index steps = depth / runs;
  if (row_step_ == 1) {
    // A few steps at a time for all slivers, so that the source is read in long stretches.
    for (Index k = 0; k < depth; k += std::min(kCopySteps, steps - k % steps)) {
      const Index count = std::min(kCopySteps, steps - k % steps), later = steps - k % steps - count;
      const T* from = first + k / steps * example_step_ + k % steps * depth_step_;
      slivers.for_each([&](Index begin, Index size, Index width) {
        // What is touched behind these steps belongs to later ones.
        const bool spare = later * std::min(depth_step_, width) >= kSlack;
        kernels.copy(from + begin, depth_step_, size, count, to + begin * depth + k * width, width,
                     spare ? kSlack : 0);
      });
    }
    return;
  }
  slivers.for_each([&](Index begin, Index size, Index width) {
    const T* from = first + begin * row_step_;
    T* target = to + begin * depth;
    for (Index r = 0; r < runs; ++r, from += example_step_, target += steps * width) {
      // What this writes too far belongs to the next run or sliver, or to the slack behind the last one.
      kernels.transpose(from, row_step_, size, steps, target, width);
    }
  });
}

template class Matrix<float>;
template class Matrix<double>;

}  // namespace palimpsest::product
