// Joins tensors along one axis. Attributes: axis.
#include "strided_copy.h"

namespace palimpsest {
namespace {

void concat(const Call& call) {
  call.expect(call.input_count() > 0 && call.output_count() == 1, "inputs and one output expected");
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const View& y = call.output(0);
  const auto axis = static_cast<std::size_t>(call.integer(0, 0, y.rank() - 1));
  std::int64_t total = 0;
  for (std::size_t i = 0; i < call.input_count(); ++i) {
    const View& x = call.input(i);
    call.expect(x.dtype == y.dtype, "the dtypes must be equal");
    call.expect(x.rank() == y.rank(), "the ranks must be equal");
    for (std::size_t k = 0; k < y.shape.size(); ++k) {
      call.expect(k == axis || x.shape[k] == y.shape[k], "extents differ beside the axis");
    }
    call.expect(x.shape[axis] <= y.shape[axis] - total, "the inputs exceed the output");
    total += x.shape[axis];
  }
  call.expect(total == y.shape[axis], "the inputs do not fill the output");
  if (y.size == 0) return;
  std::int64_t outer = 1, inner = 1;
  for (std::size_t k = 0; k < axis; ++k) outer *= y.shape[k];
  for (std::size_t k = axis + 1; k < y.shape.size(); ++k) inner *= y.shape[k];
  std::byte* to = y.data;
  for (std::size_t i = 0; i < call.input_count(); ++i) {
    const View& x = call.input(i);
    const std::int64_t run = x.shape[axis] * inner;
    strided_copy(call.workers, size_of(y.dtype), {{outer, run, total * inner}, {run, 1, 1}}, x.data, to);
    to += static_cast<std::size_t>(run) * size_of(y.dtype);
  }
}

PALIMPSEST_KERNEL("concat", concat);

}  // namespace
}  // namespace palimpsest
