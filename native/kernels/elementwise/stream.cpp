#include "stream.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/shape/strided_copy.h"

namespace palimpsest {
namespace {

// Vectors up to this length are written out periodically once: every stretch finds its values in place.
constexpr std::size_t kLongestPeriod = 2048;

}  // namespace

bool Stream::fits(const View& view, const Shape& loop) {
  if (view.shape.size() > loop.size()) return false;
  const std::size_t lead = loop.size() - view.shape.size();
  for (std::size_t i = 0; i < view.shape.size(); ++i) {
    if (view.shape[i] != 1 && view.shape[i] != loop[lead + i]) return false;
  }
  return true;
}

Stream::Stream(const View& view, const Shape& loop) : data_(view.data), element_(size_of(view.dtype)) {
  const std::size_t lead = loop.size() - view.shape.size();
  std::size_t stride = 1;
  // Collected innermost first, then turned round.
  for (std::size_t i = loop.size(); i-- > 0;) {
    const auto extent = static_cast<std::size_t>(loop[i]);
    if (extent == 1) continue;
    const bool varies = i >= lead && view.shape[i - lead] != 1;
    if (axes_ > 0 && (axis_[axes_ - 1].stride != 0) == varies) {
      axis_[axes_ - 1].extent *= extent;
    } else {
      axis_[axes_++] = {extent, varies ? stride : 0};
    }
    if (varies) stride *= extent;
  }
  std::reverse(axis_.begin(), axis_.begin() + static_cast<std::ptrdiff_t>(axes_));
}

std::size_t Stream::buffer_elements(std::size_t block) const {
  if (is_full()) return 0;
  return is_periodic() && axis_[1].extent <= kLongestPeriod ? block + axis_[1].extent : block;
}

void Stream::prepare(std::size_t block, std::byte* buffer) const {
  if (is_constant()) {
    expand(0, std::min(block, axis_[0].extent), buffer);
  } else if (is_periodic() && axis_[1].extent <= kLongestPeriod) {
    expand(0, std::min(block + axis_[1].extent, axis_[0].extent * axis_[1].extent), buffer);
  }
}

const std::byte* Stream::stretch(std::size_t begin, std::size_t n, std::byte* buffer) const {
  if (is_full()) return data_ + begin * element_;
  if (is_constant()) return buffer;
  if (is_periodic()) {
    const std::size_t phase = begin % axis_[1].extent;
    if (axis_[1].extent <= kLongestPeriod) return buffer + phase * element_;
    if (phase + n <= axis_[1].extent) return data_ + phase * element_;
  }
  expand(begin, n, buffer);
  return buffer;
}

void Stream::expand(std::size_t begin, std::size_t n, std::byte* out) const {
  dispatch_unit(element_, [&]<typename Unit>() { expand_as(begin, n, reinterpret_cast<Unit*>(out)); });
}

template <typename Unit>
void Stream::expand_as(std::size_t begin, std::size_t n, Unit* out) const {
  const Unit* data = reinterpret_cast<const Unit*>(data_);
  const Axis inner = axes_ == 0 ? Axis{1, 1} : axis_[axes_ - 1];
  const std::size_t outer_axes = axes_ == 0 ? 0 : axes_ - 1;
  // Where the stretch begins: a coordinate per outer axis, and the offset they lead to.
  std::array<std::size_t, kMaxRank> at;
  std::size_t rest = begin / inner.extent;
  std::size_t offset = 0;
  for (std::size_t i = outer_axes; i-- > 0;) {
    at[i] = rest % axis_[i].extent;
    rest /= axis_[i].extent;
    offset += at[i] * axis_[i].stride;
  }
  std::size_t first = begin % inner.extent;
  while (n > 0) {
    const std::size_t run = std::min(n, inner.extent - first);
    if (inner.stride == 0) {
      const Unit value = data[offset];
      for (std::size_t i = 0; i < run; ++i) out[i] = value;
    } else {
      std::memcpy(out, data + offset + first, run * sizeof(Unit));
    }
    out += run;
    n -= run;
    first = 0;
    for (std::size_t i = outer_axes; i-- > 0;) {
      offset += axis_[i].stride;
      if (++at[i] < axis_[i].extent) break;
      offset -= axis_[i].stride * axis_[i].extent;
      at[i] = 0;
    }
  }
}

}  // namespace palimpsest
