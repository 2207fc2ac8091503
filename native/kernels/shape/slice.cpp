// Regularly spaced elements along every axis, and the transposed map.
// Attributes of both: per axis start, step.
#include <cstdlib>

#include "strided_copy.h"

namespace palimpsest {
namespace {

// How the slice `part` lies in `whole`.
struct Window {
  std::vector<std::int64_t> step;
  std::int64_t offset = 0;  // of the slice's first element, in elements of the whole
};

Window window_of(const Call& call, const View& whole, const View& part) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 53;
  call.expect(whole.dtype == part.dtype, "the dtypes must be equal");
  call.expect(whole.rank() == part.rank(), "the ranks must be equal");
  call.expect(call.attributes().size() == 2 * whole.shape.size(), "two attributes per axis expected");
  Window window;
  std::int64_t stride = 1;
  for (std::size_t k = whole.shape.size(); k-- > 0;) {
    const std::int64_t start = call.integer(2 * k, 0, kLimit);
    const std::int64_t step = call.integer(2 * k + 1, -kLimit, kLimit);
    call.expect(step != 0, "a step is 0");
    if (part.size == 0) continue;
    const std::int64_t extent = whole.shape[k], count = part.shape[k];
    // By division: (count - 1) * step might wrap.
    const std::int64_t room = step > 0 ? extent - 1 - start : start;
    call.expect(start < extent && room / std::abs(step) >= count - 1, "the slice leaves the tensor");
    window.offset += start * stride;
    // An axis of one element takes no step, so its length does not matter and must not overflow.
    window.step.insert(window.step.begin(), count == 1 ? 0 : step * stride);
    stride *= extent;
  }
  return window;
}

void slice(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  const Window window = window_of(call, x, y);
  if (y.size == 0) return;
  const auto to = strides_of(y.shape);
  std::vector<CopyAxis> axes;
  for (std::size_t k = 0; k < to.size(); ++k) axes.push_back({y.shape[k], window.step[k], to[k]});
  const std::size_t element = size_of(x.dtype);
  strided_copy(call.workers, element, axes, x.data + static_cast<std::size_t>(window.offset) * element,
               y.data);
}

// The elements of g go to where `slice` would have taken them from; all others are zero.
void slice_grad(const Call& call) {
  call.expect_counts(1, 1);
  const View& g = call.input(0);
  const View& dx = call.output(0);
  const Window window = window_of(call, dx, g);
  const std::size_t element = size_of(g.dtype);
  constexpr std::byte kZero[8] = {};
  fill(call.workers, element, dx.size, kZero, dx.data);
  if (g.size == 0) return;
  const auto from = strides_of(g.shape);
  std::vector<CopyAxis> axes;
  for (std::size_t k = 0; k < from.size(); ++k) axes.push_back({g.shape[k], from[k], window.step[k]});
  strided_copy(call.workers, element, axes, g.data,
               dx.data + static_cast<std::size_t>(window.offset) * element);
}

PALIMPSEST_KERNEL("slice", slice);
PALIMPSEST_KERNEL("sliceGrad", slice_grad);

}  // namespace
}  // namespace palimpsest
