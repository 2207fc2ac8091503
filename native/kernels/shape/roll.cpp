// Turns one axis round: y[o, (i + shift) mod n, j] = x[o, i, j]. Attributes: shift, from 0 to n - 1.
#include "strided_copy.h"

namespace palimpsest {
namespace {

void roll(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.rank() == 3 && x.shape == y.shape && x.dtype == y.dtype, "two equal tensors of rank 3 expected");
  call.expect(call.attributes().size() == 1, "one attribute expected");
  if (y.size == 0) return;
  const std::int64_t outer = x.shape[0], extent = x.shape[1], inner = x.shape[2];
  const std::int64_t shift = call.integer(0, 0, extent - 1);
  const std::size_t element = size_of(x.dtype);
  // A stretch of the axis from `from` to `to`.
  const auto move = [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    const std::int64_t run = count * inner, row = extent * inner;
    strided_copy(call.workers, element, {{outer, row, row}, {run, 1, 1}},
                 x.data + static_cast<std::size_t>(from * inner) * element,
                 y.data + static_cast<std::size_t>(to * inner) * element);
  };
  move(0, shift, extent - shift);
  move(extent - shift, 0, shift);
}

PALIMPSEST_KERNEL("roll", roll);

}  // namespace
}  // namespace palimpsest
