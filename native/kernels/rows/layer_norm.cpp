// layerNorm: y = (x - mean) * rstd * gain + bias over rows of [R, D], with rstd = 1 / sqrt(variance + eps),
// and the gradient by x: dx = rstd * (h - mean(h) - xhat * mean(h * xhat)) with h = g * gain and xhat = (x -
// mean) * rstd. The statistics are computed again for the gradient: that is cheaper than writing and reading
// them.
#include <algorithm>

#include "core/checked.h"
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
    const Write write = write_for(sizeof(T) * static_cast<std::size_t>(y.size));
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, a, b, eps, write, out + r * n); });
  });
}

void layer_norm_grad(const Call& call) {
  row_norm_gradient(call, [](const auto& loops) { return loops.layer_norm_grad; });
}

// Rows that are summed in T before they are added up in double precision, and the most stretches of rows.
constexpr std::size_t kRun = 64;
constexpr std::size_t kStretches = 128;

// All three gradients in one pass over x and g: twelve bytes an element of floats, where a pass for
// each and the norm anew move forty.
template <typename T>
void gradients(const Call& call, double eps) {
  const View& x = call.input(0);
  const T *in = x.as<T>(), *gain = call.input(1).as<T>(), *up = call.input(2).as<T>();
  T *dx = call.output(0).as<T>(), *dgain = call.output(1).as<T>(), *dbias = call.output(2).as<T>();
  const std::size_t rows = static_cast<std::size_t>(x.dim(0)), n = static_cast<std::size_t>(x.dim(1));
  if (x.size == 0) {
    std::fill_n(dgain, n, T(0));
    std::fill_n(dbias, n, T(0));
    return;
  }
  // Stretches by the number of rows alone: the same sums for any number of threads.
  const std::size_t stretch = std::max(kRun, (rows + kStretches - 1) / kStretches);
  const std::size_t count = (rows + stretch - 1) / stretch;
  const StoragePtr totals = call.scratch(checked_mul(2 * count * sizeof(double), n));
  double* const total = reinterpret_cast<double*>(totals->data());
  const auto loop = row_loops().of<T>().layer_norm_grads;
  const Write write = write_for(sizeof(T) * static_cast<std::size_t>(x.size));
  call.workers.parallel_for(count, [&](std::size_t s) {
    const StoragePtr scratch = call.scratch(checked_mul(2 * sizeof(T), n));
    T* const part = reinterpret_cast<T*>(scratch->data());
    double* const sum = total + 2 * n * s;
    std::fill_n(sum, 2 * n, 0.0);
    const std::size_t end = std::min(rows, (s + 1) * stretch);
    for (std::size_t begin = s * stretch; begin < end; begin += kRun) {
      std::fill_n(part, 2 * n, T(0));
      for (std::size_t r = begin; r < std::min(end, begin + kRun); ++r) {
        loop(n, in + r * n, gain, up + r * n, eps, write, dx + r * n, part, part + n);
      }
      for (std::size_t i = 0; i < 2 * n; ++i) sum[i] += static_cast<double>(part[i]);
    }
  });
  for (std::size_t s = 1; s < count; ++s) {
    for (std::size_t i = 0; i < 2 * n; ++i) total[i] += total[2 * n * s + i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    dgain[i] = static_cast<T>(total[i]);
    dbias[i] = static_cast<T>(total[n + i]);
  }
}

void layer_norm_grads(const Call& call) {
  call.expect_counts(3, 3);
  const View &x = call.input(0), &gain = call.input(1), &g = call.input(2);
  call.expect(x.rank() == 2 && g.shape == x.shape && call.output(0).shape == x.shape &&
                  gain.shape == Shape{x.dim(1)} && call.output(1).shape == gain.shape &&
                  call.output(2).shape == gain.shape,
              "expected x [R, D], gain [D], g [R, D] and out [R, D], [D], [D]");
  const double eps = norm_eps(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() { gradients<T>(call, eps); });
}

PALIMPSEST_KERNEL("layerNorm", layer_norm);
PALIMPSEST_KERNEL("layerNormGrads", layer_norm_grads);
PALIMPSEST_KERNEL("layerNormGrad", layer_norm_grad);

}  // namespace
}  // namespace palimpsest
