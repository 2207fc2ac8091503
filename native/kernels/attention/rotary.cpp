// rotary: the first 2 R numbers of every row of x [N, M, T, D] as pairs, turned by the angles whose cosines
// and sines stand in [N or 1, T, R]: (a, b) -> (a cos - b sin, b cos + a sin). Pairs are the halves, or
// neighbours when interleaved.
#include <algorithm>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

template <typename T>
void rotate_row(std::size_t pairs, std::size_t width, bool interleaved, const T* x, const T* cos,
                const T* sin, T* y) {
  if (interleaved) {
    for (std::size_t i = 0; i < pairs; ++i) {
      const T a = x[2 * i], b = x[2 * i + 1];
      y[2 * i] = a * cos[i] - b * sin[i];
      y[2 * i + 1] = b * cos[i] + a * sin[i];
    }
  } else {
    for (std::size_t i = 0; i < pairs; ++i) {
      const T a = x[i], b = x[pairs + i];
      y[i] = a * cos[i] - b * sin[i];
      y[pairs + i] = b * cos[i] + a * sin[i];
    }
  }
  std::copy(x + 2 * pairs, x + width, y + 2 * pairs);
}

void rotary(const Call& call) {
  call.expect_counts(3, 1);
  const View &x = call.input(0), &cos = call.input(1), &sin = call.input(2), &y = call.output(0);
  call.expect(x.rank() == 4 && y.shape == x.shape && y.dtype == x.dtype, "expected x and out [N, M, T, D]");
  call.expect(cos.rank() == 3 && sin.shape == cos.shape && cos.dtype == x.dtype && sin.dtype == x.dtype &&
                  (cos.dim(0) == 1 || cos.dim(0) == x.dim(0)) && cos.dim(1) == x.dim(2) &&
                  cos.dim(2) <= x.dim(3) / 2,
              "expected cosines and sines [N or 1, T, R], 2 R at most D");
  const bool interleaved = call.integer(0, 0, 1) != 0;
  if (x.size == 0) return;
  const std::size_t steps = static_cast<std::size_t>(x.dim(2)), width = static_cast<std::size_t>(x.dim(3));
  const std::size_t pairs = static_cast<std::size_t>(cos.dim(2));
  const std::size_t rows = static_cast<std::size_t>(x.size) / width;
  const std::size_t rows_per_example = rows / static_cast<std::size_t>(x.dim(0));
  const bool per_example = cos.dim(0) != 1;
  dispatch_float(x.dtype, [&]<typename T>() {
    const T *in = x.as<T>(), *c = cos.as<T>(), *s = sin.as<T>();
    T* out = y.as<T>();
    for_each_unit(call.workers, rows, static_cast<double>(width), [&](std::size_t r) {
      const std::size_t at = ((per_example ? r / rows_per_example : 0) * steps + r % steps) * pairs;
      rotate_row(pairs, width, interleaved, in + r * width, c + at, s + at, out + r * width);
    });
  });
}

PALIMPSEST_KERNEL("rotary", rotary);

}  // namespace
}  // namespace palimpsest
