// simplexProjection: the nearest point of {0 <= y <= cap, sum(y) = total} to each row of [R, n]. Attributes:
// total, cap, which may be infinite.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

// y_i = clamp(x_i - t, 0, cap), where t makes the sum right: the sum falls with t, in straight lines that
// bend where an entry leaves 0 (at x_i) and where it reaches the cap (at x_i - cap).
struct Bend {
  double at;
  int slope;  // how the number of entries between the bounds changes on the way down
};

double threshold(std::vector<Bend>& bends, double total) {
  std::sort(bends.begin(), bends.end(), [](const Bend& a, const Bend& b) { return a.at > b.at; });
  double sum = 0;
  int moving = 0;
  for (std::size_t i = 0; i < bends.size(); ++i) {
    if (i > 0) {
      const double gained = moving * (bends[i - 1].at - bends[i].at);
      if (sum + gained >= total) return moving > 0 ? bends[i - 1].at - (total - sum) / moving : bends[i].at;
      sum += gained;
    }
    moving += bends[i].slope;
  }
  return moving > 0 ? bends.back().at - (total - sum) / moving : bends.back().at;
}

template <typename T>
void project(const T* x, std::size_t n, double total, double cap, std::vector<Bend>& bends, T* y) {
  bends.clear();
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i]))
      throw Error("ERR_VALUE", "simplexProjection: finite numbers expected, got NaN or an infinity");
    bends.push_back({static_cast<double>(x[i]), 1});
    if (std::isfinite(cap)) bends.push_back({static_cast<double>(x[i]) - cap, -1});
  }
  double t = threshold(bends, total);
  // Once more with what is between the bounds now: the sums on the way down have rounding errors.
  double free = 0, capped = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double value = static_cast<double>(x[i]) - t;
    if (value >= cap) {
      capped += cap;
    } else if (value > 0) {
      free += static_cast<double>(x[i]);
      ++count;
    }
  }
  if (count > 0) t = (free + capped - total) / static_cast<double>(count);
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = static_cast<T>(std::clamp(static_cast<double>(x[i]) - t, 0.0, cap));
  }
}

void simplex_projection(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.rank() == 2 && y.shape == x.shape, "expected [R, n] in and out");
  const double total = call.attribute(0), cap = call.attribute(1);
  call.expect(total >= 0 && std::isfinite(total) && cap > 0,
              "expected a total of 0 or more and a cap above 0");
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    if (x.dim(0) == 0 || (x.dim(1) == 0 && total == 0)) return;
    call.expect(total <= cap * static_cast<double>(x.dim(1)) && x.dim(1) > 0,
                "the total is more than all caps together");
    const auto n = static_cast<std::size_t>(x.dim(1));
    const double work = 40.0 * static_cast<double>(n);
    call.workers.parallel_range(static_cast<std::size_t>(x.dim(0)), units_per_piece(work),
                                [&](std::size_t begin, std::size_t end) {
                                  std::vector<Bend> bends;
                                  for (std::size_t r = begin; r < end; ++r)
                                    project(in + r * n, n, total, cap, bends, out + r * n);
                                });
  });
}

PALIMPSEST_KERNEL("simplexProjection", simplex_projection);

}  // namespace
}  // namespace palimpsest
