// Surrounds a tensor with a constant. Attributes: per axis the low padding; last the constant. The high
// padding is what the output's extents leave.
#include <cstring>

#include "element_value.h"
#include "strided_copy.h"

namespace palimpsest {
namespace {

void pad(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.dtype == y.dtype, "the dtypes must be equal");
  call.expect(x.rank() == y.rank(), "the ranks must be equal");
  call.expect(call.attributes().size() == x.shape.size() + 1,
              "one attribute per axis and the constant expected");
  std::vector<std::int64_t> low;
  for (std::size_t k = 0; k < x.shape.size(); ++k) {
    low.push_back(call.integer(k, 0, std::int64_t{1} << 53));
    call.expect(x.shape[k] <= y.shape[k] && low[k] <= y.shape[k] - x.shape[k],
                "the padded input exceeds the output");
  }
  const std::size_t element = size_of(x.dtype);
  std::byte constant[8];
  dispatch_any(x.dtype, [&]<typename T>() {
    const auto value = element_value<T>(call.attribute(x.shape.size()));
    std::memcpy(constant, &value, sizeof(value));
  });
  if (x.size != y.size) fill(call.workers, element, y.size, constant, y.data);
  if (x.size == 0) return;
  const auto from = strides_of(x.shape), to = strides_of(y.shape);
  std::vector<CopyAxis> axes;
  std::int64_t offset = 0;
  for (std::size_t k = 0; k < low.size(); ++k) {
    axes.push_back({x.shape[k], from[k], to[k]});
    offset += low[k] * to[k];
  }
  strided_copy(call.workers, element, axes, x.data, y.data + static_cast<std::size_t>(offset) * element);
}

PALIMPSEST_KERNEL("pad", pad);

}  // namespace
}  // namespace palimpsest
