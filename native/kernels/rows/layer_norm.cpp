// layerNorm: y = (x - mean) * rstd * gain + bias over rows of [R, D], with rstd = 1 / sqrt(variance + eps),
// and the gradient by x: dx = rstd * (h - mean(h) - xhat * mean(h * xhat)) with h = g * gain and xhat = (x -
// mean) * rstd. The statistics are computed again for the gradient: that is cheaper than writing and reading
// them.
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "norm_calls.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

void layer_norm(const Call& call) {
  call.expect_counts(3, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& bias = call.input(2);
  const View& y = call.output(0);
  call.expect(
      x.rank() == 2 && y.shape == x.shape && gain.shape == Shape{x.dim(1)} && bias.shape == gain.shape,
      "expected x [R, D], gain [D], bias [D] and out [R, D]");
  const double eps = norm_eps(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    const T* a = gain.as<T>();
    const T* b = bias.as<T>();
    T* out = y.as<T>();
    if (x.size == 0) return;
    const std::size_t n = static_cast<std::size_t>(x.dim(1));
    const auto loop = row_loops().of<T>().layer_norm;
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, a, b, eps, out + r * n); });
  });
}

void layer_norm_grad(const Call& call) {
  row_norm_gradient(call, [](const auto& loops) { return loops.layer_norm_grad; });
}

PALIMPSEST_KERNEL("layerNorm", layer_norm);
PALIMPSEST_KERNEL("layerNormGrad", layer_norm_grad);

}  // namespace
}  // namespace palimpsest
