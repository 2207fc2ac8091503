#pragma once

#include <cmath>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "row_loops.h"

namespace palimpsest {

// The last attribute of a norm: what is added to the variance.
inline double norm_eps(const Call& call, std::size_t index) {
  call.expect(call.attributes().size() == index + 1, "wrong number of attributes");
  const double eps = call.attribute(index);
  require(eps >= 0 && std::isfinite(eps), "ERR_VALUE", "the eps of a norm must be finite and not negative");
  return eps;
}

// The gradient by x of a norm over the rows of [R, D]; loop_of picks its row loop out of a RowLoops<T>.
template <typename LoopOf>
void row_norm_gradient(const Call& call, const LoopOf& loop_of) {
  call.expect_counts(3, 1);
  const View &x = call.input(0), &gain = call.input(1), &g = call.input(2), &dx = call.output(0);
  call.expect(x.rank() == 2 && g.shape == x.shape && dx.shape == x.shape && gain.shape == Shape{x.dim(1)},
              "expected x [R, D], gain [D], g [R, D] and out [R, D]");
  const double eps = norm_eps(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T *in = x.as<T>(), *a = gain.as<T>(), *up = g.as<T>();
    T* out = dx.as<T>();
    if (x.size == 0) return;
    const std::size_t n = static_cast<std::size_t>(x.dim(1));
    const auto loop = loop_of(row_loops().of<T>());
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, a, up + r * n, eps, out + r * n); });
  });
}

}  // namespace palimpsest
