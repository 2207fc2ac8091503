// Selective synaptic dampening in one pass: where importanceForget > alpha * importanceFull (strict), the
// parameter is multiplied by min(lambda * importanceFull / importanceForget, 1). Everything is compared in
// float64, so that the selection is the one the stored importances imply, whatever dtype they are stored in.
#include <algorithm>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

struct Counts {
  double selected = 0;
  double factors = 0;
};

template <typename T>
Counts dampen_range(const T* theta, const T* forget, const T* full, double alpha, double lambda,
                    std::size_t begin, std::size_t end, T* out) {
  Counts counts;
  for (std::size_t i = begin; i < end; ++i) {
    const double f = forget[i];
    const double d = full[i];
    const bool is_selected = f > alpha * d;  // false for 0 > 0 and for NaN
    const double ratio = lambda * d / f;
    const double factor =
        is_selected && ratio < 1 ? ratio : 1;  // a ratio that is NaN (overflow over infinity) counts as 1
    out[i] = static_cast<T>(theta[i] * factor);
    counts.selected += is_selected ? 1 : 0;
    counts.factors += is_selected ? factor : 0;
  }
  return counts;
}

void dampen(const Call& call) {
  call.expect_counts(4, 2);
  const View& theta = call.input(0);
  const View& forget = call.input(1);
  const View& full = call.input(2);
  const View& hyper = call.input(3);
  const View& out = call.output(0);
  const View& counts = call.output(1);
  call.expect(forget.shape == theta.shape && full.shape == theta.shape && out.shape == theta.shape,
              "shapes differ");
  call.expect(hyper.shape == Shape{2} && counts.shape == Shape{2}, "hyper and counts must be [2]");
  const double alpha = hyper.as<double>()[0];
  const double lambda = hyper.as<double>()[1];
  double* total = counts.as<double>();
  dispatch_float(theta.dtype, [&]<typename T>() {
    const T* in = theta.as<T>();
    const T* f = forget.as<T>();
    const T* d = full.as<T>();
    T* y = out.as<T>();
    const std::size_t size = static_cast<std::size_t>(theta.size);
    const std::size_t grain = units_per_piece(1);
    std::vector<Counts> pieces((size + grain - 1) / grain);
    call.workers.parallel_range(size, grain, [&](std::size_t begin, std::size_t end) {
      pieces[begin / grain] = dampen_range(in, f, d, alpha, lambda, begin, end, y);
    });
    total[0] = total[1] = 0;
    for (const Counts& piece : pieces) {
      total[0] += piece.selected;
      total[1] += piece.factors;
    }
  });
}

PALIMPSEST_KERNEL("dampen", dampen);

}  // namespace
}  // namespace palimpsest
