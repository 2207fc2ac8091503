// layerNorm: y = (x - mean) * rstd * gain + bias over rows of [R, D], with rstd = 1 / sqrt(variance + eps),
// and the gradient by x: dx = rstd * (h - mean(h) - xhat * mean(h * xhat)) with h = g * gain and xhat = (x -
// mean) * rstd. The statistics are computed again for the gradient: that is cheaper than writing and reading
// them.
#include <cmath>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

struct Moments {
  double mean;
  double rstd;
};

template <typename T>
Moments moments_of(const T* x, std::int64_t n, double eps) {
  double sum = 0, squares = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += x[i];
  const double mean = sum / static_cast<double>(n);
  for (std::int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, 1 / std::sqrt(squares / static_cast<double>(n) + eps)};
}

double eps_of(const Call& call, std::size_t index) {
  call.expect(call.attributes().size() == index + 1, "wrong number of attributes");
  const double eps = call.attribute(index);
  if (!(eps >= 0) || std::isinf(eps))
    throw Error("ERR_VALUE", "a norm's eps must be finite and not negative");
  return eps;
}

void layer_norm(const Call& call) {
  call.expect_counts(3, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& bias = call.input(2);
  const View& y = call.output(0);
  call.expect(
      x.rank() == 2 && y.shape == x.shape && gain.shape == Shape{x.dim(1)} && bias.shape == gain.shape,
      "expected x [R, D], gain [D], bias [D] and out [R, D]");
  const double eps = eps_of(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    const T* a = gain.as<T>();
    const T* b = bias.as<T>();
    T* out = y.as<T>();
    if (x.size == 0) return;
    const std::int64_t n = x.dim(1);
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(
        static_cast<std::size_t>(x.dim(0)), grain, [&](std::size_t begin, std::size_t end) {
          for (std::size_t r = begin; r < end; ++r) {
            const T* row = in + r * n;
            const Moments m = moments_of(row, n, eps);
            for (std::int64_t i = 0; i < n; ++i) {
              out[r * n + i] = static_cast<T>((row[i] - m.mean) * m.rstd) * a[i] + b[i];
            }
          }
        });
  });
}

void layer_norm_grad(const Call& call) {
  call.expect_counts(3, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& g = call.input(2);
  const View& dx = call.output(0);
  call.expect(x.rank() == 2 && g.shape == x.shape && dx.shape == x.shape && gain.shape == Shape{x.dim(1)},
              "expected x [R, D], gain [D], g [R, D] and out [R, D]");
  const double eps = eps_of(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    const T* a = gain.as<T>();
    const T* cotangent = g.as<T>();
    T* out = dx.as<T>();
    if (x.size == 0) return;
    const std::int64_t n = x.dim(1);
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(
        static_cast<std::size_t>(x.dim(0)), grain, [&](std::size_t begin, std::size_t end) {
          for (std::size_t r = begin; r < end; ++r) {
            const T* row = in + r * n;
            const T* up = cotangent + r * n;
            const Moments m = moments_of(row, n, eps);
            double sum = 0, dot = 0;
            for (std::int64_t i = 0; i < n; ++i) {
              const double h = static_cast<double>(up[i]) * a[i];
              sum += h;
              dot += h * (row[i] - m.mean) * m.rstd;
            }
            sum /= static_cast<double>(n);
            dot /= static_cast<double>(n);
            for (std::int64_t i = 0; i < n; ++i) {
              const double h = static_cast<double>(up[i]) * a[i];
              out[r * n + i] = static_cast<T>(m.rstd * (h - sum - (row[i] - m.mean) * m.rstd * dot));
            }
          }
        });
  });
}

PALIMPSEST_KERNEL("layerNorm", layer_norm);
PALIMPSEST_KERNEL("layerNormGrad", layer_norm_grad);

}  // namespace
}  // namespace palimpsest
