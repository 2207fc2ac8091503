// Fourier transforms along an axis, not scaled: fft of complex [A, n, B, 2], rfft from real [A, n] to
// [A, n / 2 + 1, 2] and irfft back. Complex numbers are pairs of a real and an imaginary part.
#include <algorithm>
#include <cmath>

#include "core/kernel.h"
#include "kernels/fft/transform.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

using fft::Index;
using fft::Transform;

// Transforms count in int, and one of a large prime length is computed through one of four times its length.
constexpr Index kLongest = Index{1} << 28;
// Columns that are gathered together, so that whole cache lines are used.
constexpr Index kColumns = 8;

// Runs body(transform, unit) for every unit, of which there is one at least; each piece has a copy of the
// transform.
template <typename T, typename Body>
void for_each_transform(const Call& call, Index units, Index length, double each, bool inverse,
                        const Body& body) {
  const double work = each * static_cast<double>(length) * std::log2(2 + static_cast<double>(length));
  const std::size_t count = static_cast<std::size_t>(units), grain = units_per_piece(work);
  Transform<T> transform(length, inverse);
  // The first one makes the tables that the copies begin with.
  body(transform, 0);
  call.workers.parallel_range(count - 1, grain, [&](std::size_t from, std::size_t to) {
    Transform<T> own(transform);
    for (std::size_t unit = from; unit < to; ++unit) body(own, static_cast<Index>(1 + unit));
  });
}

// Transforms columns [column, column + count) of one matrix [n, B].
template <typename T>
void transform_columns(Transform<T>& transform, const std::complex<T>* x, Index length, Index width,
                       Index count, std::complex<T>* y) {
  std::vector<std::complex<T>> columns(static_cast<std::size_t>(length * count)), results(columns.size());
  for (Index j = 0; j < length; ++j) {
    for (Index c = 0; c < count; ++c) columns[static_cast<std::size_t>(c * length + j)] = x[j * width + c];
  }
  for (Index c = 0; c < count; ++c) transform.run(columns.data() + c * length, results.data() + c * length);
  for (Index j = 0; j < length; ++j) {
    for (Index c = 0; c < count; ++c) y[j * width + c] = results[static_cast<std::size_t>(c * length + j)];
  }
}

void fourier(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.rank() == 4 && y.shape == x.shape && x.dim(3) == 2, "expected [A, n, B, 2] in and out");
  const bool inverse = call.integer(0, 0, 1) == 1;
  if (x.size == 0) return;
  const Index length = x.dim(1), width = x.dim(2);
  call.expect(length <= kLongest, "the transform is too long");
  dispatch_float(x.dtype, [&]<typename T>() {
    const auto* in = reinterpret_cast<const std::complex<T>*>(x.as<T>());
    auto* out = reinterpret_cast<std::complex<T>*>(y.as<T>());
    if (width == 1) {
      for_each_transform<T>(call, x.dim(0), length, 1, inverse, [&](Transform<T>& transform, Index row) {
        transform.run(in + row * length, out + row * length);
      });
      return;
    }
    const Index blocks = (width + kColumns - 1) / kColumns;
    for_each_transform<T>(call, x.dim(0) * blocks, length, kColumns, inverse,
                          [&](Transform<T>& transform, Index unit) {
                            const Index column = unit % blocks * kColumns;
                            const Index at = unit / blocks * length * width + column;
                            transform_columns(transform, in + at, length, width,
                                              std::min(kColumns, width - column), out + at);
                          });
  });
}

void fourier_of_real(const Call& call) {
  call.expect_counts(1, 1);
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.rank() == 2 && x.dim(1) >= 1 && y.shape == Shape{x.dim(0), x.dim(1) / 2 + 1, 2},
              "expected x [A, n] and out [A, n / 2 + 1, 2]");
  const Index length = x.dim(1), half = length / 2 + 1;
  call.expect(length <= kLongest, "the transform is too long");
  if (x.size == 0) return;
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    auto* out = reinterpret_cast<std::complex<T>*>(y.as<T>());
    for_each_transform<T>(call, x.dim(0), length, 1, false, [&](Transform<T>& transform, Index row) {
      transform.run_real(in + row * length, out + row * half);
    });
  });
}

void fourier_to_real(const Call& call) {
  call.expect_counts(1, 1);
  const View &x = call.input(0), &y = call.output(0);
  call.expect(y.rank() == 2 && y.dim(1) >= 1 && x.shape == Shape{y.dim(0), y.dim(1) / 2 + 1, 2},
              "expected x [A, n / 2 + 1, 2] and out [A, n]");
  const Index length = y.dim(1), half = length / 2 + 1;
  call.expect(length <= kLongest, "the transform is too long");
  if (y.size == 0) return;
  dispatch_float(x.dtype, [&]<typename T>() {
    const auto* in = reinterpret_cast<const std::complex<T>*>(x.as<T>());
    T* out = y.as<T>();
    for_each_transform<T>(call, y.dim(0), length, 1, true, [&](Transform<T>& transform, Index row) {
      transform.run_to_real(in + row * half, out + row * length);
    });
  });
}

PALIMPSEST_KERNEL("fft", fourier);
PALIMPSEST_KERNEL("rfft", fourier_of_real);
PALIMPSEST_KERNEL("irfft", fourier_to_real);

}  // namespace
}  // namespace palimpsest
