// rmsNorm: y = x / sqrt(mean(x^2) + eps) * gain over rows of [R, D], and its gradient by x.
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "norm_calls.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

void rms_norm(const Call& call) {
  call.expect_counts(2, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& y = call.output(0);
  call.expect(x.rank() == 2 && y.shape == x.shape && gain.shape == Shape{x.dim(1)},
              "expected x [R, D], gain [D] and out [R, D]");
  const double eps = norm_eps(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T *in = x.as<T>(), *a = gain.as<T>();
    T* out = y.as<T>();
    if (x.size == 0) return;
    const std::size_t n = static_cast<std::size_t>(x.dim(1));
    const auto loop = row_loops().of<T>().rms_norm;
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, a, eps, out + r * n); });
  });
}

void rms_norm_grad(const Call& call) {
  row_norm_gradient(call, [](const auto& loops) { return loops.rms_norm_grad; });
}

PALIMPSEST_KERNEL("rmsNorm", rms_norm);
PALIMPSEST_KERNEL("rmsNormGrad", rms_norm_grad);

}  // namespace
}  // namespace palimpsest
