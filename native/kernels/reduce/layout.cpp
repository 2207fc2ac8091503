#include "layout.h"

#include <algorithm>

namespace palimpsest {
namespace {

std::vector<bool> reduced_axes(const Call& call, const View& x) {
  std::vector<bool> is_reduced(x.shape.size(), false);
  std::int64_t next = 0;
  for (std::size_t i = 0; i < call.attributes().size(); ++i) {
    const std::int64_t axis = call.integer(i, next, x.rank() - 1);
    is_reduced[static_cast<std::size_t>(axis)] = true;
    next = axis + 1;
  }
  return is_reduced;
}

}  // namespace

ReduceLayout::ReduceLayout(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.dtype == y.dtype, "the dtypes must be equal");
  const std::vector<bool> is_reduced = reduced_axes(call, x);
  // Reduced axes may be kept with extent 1 or dropped, so extents of 1 do not count.
  Shape remaining, output;
  for (std::size_t k = 0; k < x.shape.size(); ++k) {
    if (!is_reduced[k] && x.shape[k] != 1) remaining.push_back(x.shape[k]);
  }
  std::copy_if(y.shape.begin(), y.shape.end(), std::back_inserter(output),
               [](std::int64_t e) { return e != 1; });
  call.expect(remaining == output, "the output's extents are not those of the remaining axes");
  is_empty = x.size == 0;
  if (is_empty) return;

  std::vector<ReduceAxis> axes;  // innermost first
  std::vector<bool> kind;
  std::size_t stride = 1;
  for (std::size_t k = x.shape.size(); k-- > 0;) {
    const auto extent = static_cast<std::size_t>(x.shape[k]);
    if (extent == 1) continue;
    if (!axes.empty() && kind.back() == is_reduced[k]) {
      axes.back().extent *= extent;
    } else {
      axes.push_back({extent, stride});
      kind.push_back(is_reduced[k]);
    }
    stride *= extent;
  }
  if (axes.empty()) return;
  inner = axes[0].extent;
  inner_is_reduced = kind[0];
  for (std::size_t k = axes.size(); k-- > 1;) (kind[k] ? reduced : kept).axes.push_back(axes[k]);
}

}  // namespace palimpsest
