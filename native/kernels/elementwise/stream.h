#pragma once

#include <array>
#include <cstddef>

#include "core/kernel.h"

namespace palimpsest {

// One input of a loop as the sequence of elements that the loop sees after broadcasting.
// Any stretch of it can be asked for.
class Stream {
 public:
  static constexpr std::size_t kMaxRank = 16;

  // Whether the tensor broadcasts to the loop by NumPy's rule: aligned at the last axis, extents equal or 1.
  static bool fits(const View& view, const Shape& loop);

  // The loop must not be empty, its rank not above kMaxRank, and the view must fit.
  Stream(const View& view, const Shape& loop);

  // The elements that a buffer for stretches of up to `block` must hold; 0 when none is needed.
  std::size_t buffer_elements(std::size_t block) const;
  // To be called once for each buffer.
  void prepare(std::size_t block, std::byte* buffer) const;
  // The elements [begin, begin + n), in place, in the prepared part of the buffer, or copied into it.
  const std::byte* stretch(std::size_t begin, std::size_t n, std::byte* buffer) const;
  // Writes the elements [begin, begin + n) to `out`.
  void expand(std::size_t begin, std::size_t n, std::byte* out) const;
  // One value for the whole loop.
  bool is_constant() const { return axes_ == 1 && axis_[0].stride == 0; }

 private:
  // Neighbouring loop axes that the input varies along together, or (stride 0) is repeated along together.
  struct Axis {
    std::size_t extent;
    std::size_t stride;
  };
  template <typename Unit>
  void expand_as(std::size_t begin, std::size_t n, Unit* out) const;

  bool is_full() const { return axes_ == 0 || (axes_ == 1 && axis_[0].stride != 0); }
  // A vector along the last axes, repeated along all others.
  bool is_periodic() const { return axes_ == 2 && axis_[0].stride == 0; }

  const std::byte* data_;
  std::size_t element_;  // bytes
  std::size_t axes_ = 0;
  std::array<Axis, kMaxRank> axis_;  // outermost first
};

}  // namespace palimpsest
