#include "kernels/product/operand.h"

#include <limits>

#include "core/checked.h"

namespace palimpsest::product {

template <typename T>
Matrix<T>::Matrix(const T* data, Index example_step, Index depth_step, Index row_step, Index steps)
    : data_(data), example_step_(example_step), depth_step_(depth_step), row_step_(row_step) {
  // Examples of a single step are steps of one long example, whichever way they were stored.
  if (steps == 1 && example_step != 0) {
    depth_step_ = example_step;
    row_step_ = 1;
  }
}

template <typename T>
Matrix<T> Matrix<T>::squared() const {
  Matrix result = *this;
  result.squared_ = true;
  return result;
}

template <typename T>
Index Matrix<T>::scratch_size(Index rows, Index depth) const {
  return round_up(rows, micro_kernels<T>().columns()) * depth + kSlack;
}

template <typename T>
Panel<T> Matrix<T>::panel(const DepthBlock& block, Range rows, const Slivers& slivers, Index reuse,
                          T* scratch) const {
  const MicroKernels<T>& kernels = micro_kernels<T>();
  const T* first = data_ + block.example * example_step_ + block.begin * depth_step_ + rows.begin * row_step_;
  const bool one_run = block.examples == 1 || example_step_ == block.count * depth_step_;
  // Packing pays when several slivers of the other side read the panel. Lanes are loaded whole, so that
  // columns used in place must not end inside a vector.
  const bool whole_lanes = slivers.lanes == 1 || rows.size() % kernels.lanes == 0;
  if (one_run && row_step_ == 1 && !squared_ && reuse <= 2 && whole_lanes) return {first, 1, depth_step_};

  const Index depth = block.depth();
  const Index runs = one_run ? 1 : block.examples;
  const Index run = depth / runs;
  for (Index i = 0; i < slivers.count(); ++i) {
    const T* from = first + slivers.begin(i) * row_step_;
    const Index width = slivers.width(i);
    T* const sliver = scratch + slivers.begin(i) * depth;
    T* to = sliver;
    for (Index r = 0; r < runs; ++r, from += example_step_, to += run * width) {
      if (row_step_ == 1) {
        kernels.copy(from, depth_step_, slivers.size(i), run, to, width, 0);
      } else {
        kernels.transpose(from, row_step_, slivers.size(i), run, to, width);
      }
    }
    if (squared_) kernels.square(sliver, depth * width);
  }
  return {scratch, 1, 0};
}

template <typename T>
Packed<T>::Packed(const Call& call, const Operand<T>& source, Cut rows, DepthCut depth, Index tallest)
    : rows_(rows.extent), depth_(depth) {
  const auto elements =
      checked_mul(static_cast<std::size_t>(rows.extent), static_cast<std::size_t>(depth.steps));
  const auto spare = static_cast<std::size_t>(depth.count() * kSlack);
  storage_ = call.scratch(checked_mul(checked_add(elements, spare), sizeof(T)));
  call.workers.parallel_for(static_cast<std::size_t>(depth.count()), [&](std::size_t d) {
    const DepthBlock block = depth[static_cast<Index>(d)];
    T* const data = reinterpret_cast<T*>(storage_->data()) + offset(block);
    // In ascending order of address, because a sliver's last vector may run into the next sliver.
    for (Index r = 0; r < rows.count(); ++r) {
      const Range range = rows[r];
      const Index always_pack = std::numeric_limits<Index>::max();
      source.panel(block, range, Slivers{range.size(), tallest}, always_pack,
                   data + range.begin * block.count);
    }
  });
}

// Each block of depth is followed by some spare elements, so that threads packing two of them do not meet.
template <typename T>
Index Packed<T>::offset(const DepthBlock& block) const {
  return block.begin * rows_ + block.begin / depth_.largest() * kSlack;
}

template <typename T>
Panel<T> Packed<T>::panel(const DepthBlock& block, Range rows, const Slivers&, Index, T*) const {
  const T* data = reinterpret_cast<const T*>(storage_->data()) + offset(block);
  return {data + rows.begin * block.count, 1, 0};
}

template class Matrix<float>;
template class Matrix<double>;
template class Packed<float>;
template class Packed<double>;

}  // namespace palimpsest::product
