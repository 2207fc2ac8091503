// Repeats a tensor along axes of extent 1 and along new leading axes.
#include "strided_copy.h"

namespace palimpsest {
namespace {

void broadcast(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(call.attributes().empty(), "no attributes expected");
  call.expect(x.dtype == y.dtype, "the dtypes must be equal");
  call.expect(x.rank() <= y.rank(), "the input has more axes than the output");
  const std::size_t lead = y.shape.size() - x.shape.size();
  for (std::size_t k = 0; k < x.shape.size(); ++k) {
    call.expect(x.shape[k] == 1 || x.shape[k] == y.shape[lead + k],
                "the input does not broadcast to the output");
  }
  if (y.size == 0) return;
  const auto from = strides_of(x.shape), to = strides_of(y.shape);
  std::vector<CopyAxis> axes;
  for (std::size_t k = 0; k < y.shape.size(); ++k) {
    const bool varies = k >= lead && x.shape[k - lead] != 1;
    axes.push_back({y.shape[k], varies ? from[k - lead] : 0, to[k]});
  }
  strided_copy(call.workers, size_of(x.dtype), axes, x.data, y.data);
}

PALIMPSEST_KERNEL("broadcast", broadcast);

}  // namespace
}  // namespace palimpsest
