// batchNorm: every channel of [N, C, S] brought to mean 0 and variance 1 over the batch, then scaled and
// shifted; it returns the statistics [C] as well. batchNormGrad is the gradient by x.
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "norm_calls.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

// The runs of one channel of [N, C, S].
ChannelRuns runs_of(const Call& call, const View& x) {
  call.expect(x.rank() == 3, "x must be [N, C, S]");
  call.expect(x.size > 0 || x.dim(1) == 0, "a channel must have an element");
  if (x.size == 0) return {};
  const std::size_t cells = static_cast<std::size_t>(x.dim(2));
  return {static_cast<std::size_t>(x.dim(0)), static_cast<std::size_t>(x.dim(1)) * cells, cells};
}

// Runs body(channel) for every channel.
template <typename Body>
void for_each_channel(const Call& call, const View& x, const ChannelRuns& runs, Body&& body) {
  const double work = static_cast<double>(runs.examples) * static_cast<double>(runs.cells);
  for_each_unit(call.workers, static_cast<std::size_t>(x.dim(1)), work, body);
}

void batch_norm(const Call& call) {
  call.expect_counts(3, 3);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& bias = call.input(2);
  const View& y = call.output(0);
  const ChannelRuns runs = runs_of(call, x);
  const Shape channels{x.dim(1)};
  call.expect(y.shape == x.shape && gain.shape == channels && bias.shape == channels &&
                  call.output(1).shape == channels && call.output(2).shape == channels,
              "expected x [N, C, S], gain [C], bias [C] and out [N, C, S], [C], [C]");
  const double eps = norm_eps(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T *in = x.as<T>(), *a = gain.as<T>(), *b = bias.as<T>();
    T *out = y.as<T>(), *mean = call.output(1).as<T>(), *variance = call.output(2).as<T>();
    const auto loop = row_loops().of<T>().batch_norm;
    for_each_channel(call, x, runs, [&](std::size_t c) {
      T statistics[2];
      loop(runs, in + c * runs.cells, a[c], b[c], eps, out + c * runs.cells, statistics);
      mean[c] = statistics[0];
      variance[c] = statistics[1];
    });
  });
}

void batch_norm_grad(const Call& call) {
  call.expect_counts(3, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& g = call.input(2);
  const View& dx = call.output(0);
  const ChannelRuns runs = runs_of(call, x);
  call.expect(g.shape == x.shape && dx.shape == x.shape && gain.shape == Shape{x.dim(1)},
              "expected x [N, C, S], gain [C], g [N, C, S] and out [N, C, S]");
  const double eps = norm_eps(call, 0);
  dispatch_float(x.dtype, [&]<typename T>() {
    const T *in = x.as<T>(), *a = gain.as<T>(), *up = g.as<T>();
    T* out = dx.as<T>();
    const auto loop = row_loops().of<T>().batch_norm_grad;
    for_each_channel(call, x, runs, [&](std::size_t c) {
      const std::size_t at = c * runs.cells;
      loop(runs, in + at, a[c], up + at, eps, out + at);
    });
  });
}

PALIMPSEST_KERNEL("batchNorm", batch_norm);
PALIMPSEST_KERNEL("batchNormGrad", batch_norm_grad);

}  // namespace
}  // namespace palimpsest
