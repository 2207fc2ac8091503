// Permutes axes: out[i_0, i_1, ...] = x at the index whose coordinate along axis permutation[k] is i_k.
#include "strided_copy.h"

namespace palimpsest {
namespace {

void transpose(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  const std::int64_t rank = x.rank();
  call.expect(y.rank() == rank, "the ranks must be equal");
  call.expect(x.dtype == y.dtype, "the dtypes must be equal");
  call.expect(static_cast<std::int64_t>(call.attributes().size()) == rank, "one attribute per axis expected");
  std::vector<bool> is_used(x.shape.size());
  std::vector<std::size_t> permutation;
  for (std::size_t k = 0; k < x.shape.size(); ++k) {
    const auto axis = static_cast<std::size_t>(call.integer(k, 0, rank - 1));
    call.expect(!is_used[axis], "the attributes are not a permutation");
    call.expect(y.shape[k] == x.shape[axis], "the output's extents are not the input's, permuted");
    is_used[axis] = true;
    permutation.push_back(axis);
  }
  if (y.size == 0) return;
  const auto from = strides_of(x.shape), to = strides_of(y.shape);
  std::vector<CopyAxis> axes;
  for (std::size_t k = 0; k < permutation.size(); ++k)
    axes.push_back({y.shape[k], from[permutation[k]], to[k]});
  strided_copy(call.workers, size_of(x.dtype), axes, x.data, y.data);
}

PALIMPSEST_KERNEL("transpose", transpose);

}  // namespace
}  // namespace palimpsest
