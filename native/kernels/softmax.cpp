// softmax and logSoftmax over the last axis of [R, C].
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

template <typename T>
void softmax_row(const T* x, std::int64_t n, T* y) {
  const T top = *std::max_element(x, x + n);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = std::exp(x[i] - top);
    sum += y[i];
  }
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<T>(y[i] / sum);
}

template <typename T>
void log_softmax_row(const T* x, std::int64_t n, T* y) {
  const T top = *std::max_element(x, x + n);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - top);
  const T log_sum = static_cast<T>(std::log(sum));
  for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - top) - log_sum;
}

template <typename Row>
void over_rows(const Call& call, Row&& row_of) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.rank() == 2 && y.shape == x.shape, "expected [R, C] in and out");
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    if (x.size == 0) return;
    const std::int64_t n = x.dim(1);
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(
        static_cast<std::size_t>(x.dim(0)), grain, [&](std::size_t begin, std::size_t end) {
          for (std::int64_t r = static_cast<std::int64_t>(begin); r < static_cast<std::int64_t>(end); ++r) {
            row_of(in + r * n, n, out + r * n);
          }
        });
  });
}

void softmax(const Call& call) {
  over_rows(call, []<typename T>(const T* x, std::int64_t n, T* y) { softmax_row(x, n, y); });
}

void log_softmax(const Call& call) {
  over_rows(call, []<typename T>(const T* x, std::int64_t n, T* y) { log_softmax_row(x, n, y); });
}

PALIMPSEST_KERNEL("softmax", softmax);
PALIMPSEST_KERNEL("logSoftmax", log_softmax);

}  // namespace
}  // namespace palimpsest
