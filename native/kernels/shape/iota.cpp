// start, start + step, start + 2 step, ... in double precision, rounded once. Attributes: start, step.
#include "core/kernel.h"
#include "element_value.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

void iota(const Call& call) {
  call.expect_counts(0, 1);
  call.expect(call.attributes().size() == 2, "two attributes expected");
  const View& y = call.output(0);
  call.expect(y.rank() == 1, "the output must have rank 1");
  call.expect(y.dtype != DType::boolean, "the output must be numeric");
  const double start = call.attribute(0), step = call.attribute(1);
  dispatch_any(y.dtype, [&]<typename T>() {
    T* out = y.as<T>();
    call.workers.parallel_range(static_cast<std::size_t>(y.size), units_per_piece(1),
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t i = begin; i < end; ++i)
                                    out[i] = element_value<T>(start + step * static_cast<double>(i));
                                });
  });
}

PALIMPSEST_KERNEL("iota", iota);

}  // namespace
}  // namespace palimpsest
