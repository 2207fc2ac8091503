// groupNorm: layer norm over groups of channels of [N, C, S], with one gain and bias per channel.
#include <cmath>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

struct Groups {
  std::int64_t count;      // N * groups
  std::int64_t per_image;  // groups
  std::int64_t channels;   // of one group
  std::int64_t cells;      // S
  double eps;
};

Groups groups_of(const Call& call, const View& x) {
  call.expect(call.attributes().size() == 2, "2 attributes expected");
  call.expect(x.rank() == 3, "x must be [N, C, S]");
  Groups groups{};
  groups.per_image = call.integer(0, 1, std::max<std::int64_t>(1, x.dim(1)));
  call.expect(x.dim(1) % groups.per_image == 0, "the groups must divide the channels");
  groups.eps = call.attribute(1);
  if (!(groups.eps >= 0) || std::isinf(groups.eps)) {
    throw Error("ERR_VALUE", "groupNorm: eps must be finite and not negative");
  }
  groups.channels = x.dim(1) / groups.per_image;
  groups.cells = x.dim(2);
  groups.count = x.size == 0 ? 0 : x.dim(0) * groups.per_image;
  return groups;
}

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

template <typename T>
void normalise_group(const Groups& groups, const T* x, const T* gain, const T* bias, T* y) {
  const Moments m = moments_of(x, groups.channels * groups.cells, groups.eps);
  for (std::int64_t c = 0; c < groups.channels; ++c) {
    for (std::int64_t s = c * groups.cells; s < (c + 1) * groups.cells; ++s) {
      y[s] = static_cast<T>((x[s] - m.mean) * m.rstd) * gain[c] + bias[c];
    }
  }
}

template <typename T>
void grad_group(const Groups& groups, const T* x, const T* gain, const T* g, T* dx) {
  const std::int64_t n = groups.channels * groups.cells;
  const Moments m = moments_of(x, n, groups.eps);
  double sum = 0, dot = 0;
  for (std::int64_t c = 0; c < groups.channels; ++c) {
    for (std::int64_t s = c * groups.cells; s < (c + 1) * groups.cells; ++s) {
      const double h = static_cast<double>(g[s]) * gain[c];
      sum += h;
      dot += h * (x[s] - m.mean) * m.rstd;
    }
  }
  sum /= static_cast<double>(n);
  dot /= static_cast<double>(n);
  for (std::int64_t c = 0; c < groups.channels; ++c) {
    for (std::int64_t s = c * groups.cells; s < (c + 1) * groups.cells; ++s) {
      const double h = static_cast<double>(g[s]) * gain[c];
      dx[s] = static_cast<T>(m.rstd * (h - sum - (x[s] - m.mean) * m.rstd * dot));
    }
  }
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
    const std::int64_t n = groups.channels * groups.cells;
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(static_cast<std::size_t>(groups.count), grain,
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t i = begin; i < end; ++i) {
                                    const std::size_t c = i % groups.per_image * groups.channels;
                                    normalise_group(groups, in + i * n, a + c, b + c, out + i * n);
                                  }
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
    const T* cotangent = g.as<T>();
    T* out = dx.as<T>();
    const std::int64_t n = groups.channels * groups.cells;
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(static_cast<std::size_t>(groups.count), grain,
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t i = begin; i < end; ++i) {
                                    const std::size_t c = i % groups.per_image * groups.channels;
                                    grad_group(groups, in + i * n, a + c, cotangent + i * n, out + i * n);
                                  }
                                });
  });
}

PALIMPSEST_KERNEL("groupNorm", group_norm);
PALIMPSEST_KERNEL("groupNormGrad", group_norm_grad);

}  // namespace
}  // namespace palimpsest
