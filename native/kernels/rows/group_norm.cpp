// groupNorm: layer norm over groups of channels of [N, C, S], with one gain and bias per channel.
#include <algorithm>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "norm_calls.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

struct Groups {
  std::size_t count;  // in all images
  std::size_t per_image;
  std::size_t channels;  // of one group
  std::size_t cells;     // S
  std::size_t size;      // channels * cells
  double eps;
};

Groups groups_of(const Call& call, const View& x) {
  call.expect(x.rank() == 3, "x must be [N, C, S]");
  const double eps = norm_eps(call, 1);
  const std::int64_t per_image = call.integer(0, 1, std::max<std::int64_t>(1, x.dim(1)));
  call.expect(x.dim(1) % per_image == 0, "the groups must divide the channels");
  if (x.size == 0) return {};
  const std::size_t channels = static_cast<std::size_t>(x.dim(1) / per_image);
  const std::size_t cells = static_cast<std::size_t>(x.dim(2));
  return {static_cast<std::size_t>(x.dim(0) * per_image),
          static_cast<std::size_t>(per_image),
          channels,
          cells,
          channels * cells,
          eps};
}

void group_norm(const Call& call) {
  call.expect_counts(3, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& bias = call.input(2);
  const View& y = call.output(0);
  const Groups groups = groups_of(call, x);
  call.expect(y.shape == x.shape && gain.shape == Shape{x.dim(1)} && bias.shape == gain.shape,
              "expected x [N, C, S], gain [C], bias [C] and out [N, C, S]");
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    const T* a = gain.as<T>();
    const T* b = bias.as<T>();
    T* out = y.as<T>();
    const auto loop = row_loops().of<T>().group_norm;
    for_each_unit(call.workers, groups.count, static_cast<double>(groups.size), [&](std::size_t i) {
      const std::size_t c = i % groups.per_image * groups.channels, at = i * groups.size;
      loop(groups.channels, groups.cells, in + at, a + c, b + c, groups.eps, out + at);
    });
  });
}

void group_norm_grad(const Call& call) {
  call.expect_counts(3, 1);
  const View& x = call.input(0);
  const View& gain = call.input(1);
  const View& g = call.input(2);
  const View& dx = call.output(0);
  const Groups groups = groups_of(call, x);
  call.expect(g.shape == x.shape && dx.shape == x.shape && gain.shape == Shape{x.dim(1)},
              "expected x [N, C, S], gain [C], g [N, C, S] and out [N, C, S]");
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    const T* a = gain.as<T>();
    const T* up = g.as<T>();
    T* out = dx.as<T>();
    const auto loop = row_loops().of<T>().group_norm_grad;
    for_each_unit(call.workers, groups.count, static_cast<double>(groups.size), [&](std::size_t i) {
      const std::size_t c = i % groups.per_image * groups.channels, at = i * groups.size;
      loop(groups.channels, groups.cells, in + at, a + c, up + at, groups.eps, out + at);
    });
  });
}

PALIMPSEST_KERNEL("groupNorm", group_norm);
PALIMPSEST_KERNEL("groupNormGrad", group_norm_grad);

}  // namespace
}  // namespace palimpsest
