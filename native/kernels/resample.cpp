// resample: every cell of an axis becomes a weighted sum of neighbouring cells of another, from [A, L, B] to
// [A, M, B]. Attributes: start and length of the band of each of the M cells, then all weights.
#include <algorithm>
#include <vector>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

using Index = std::int64_t;

struct Band {
  Index start;
  Index length;
  Index weights;  // where its weights begin
};

// The bands, all of them inside an axis of `cells`.
std::vector<Band> bands_of(const Call& call, Index cells, Index count) {
  const Index numbers = static_cast<Index>(call.attributes().size());
  call.expect(count <= numbers / 2, "two attributes per cell expected");
  std::vector<Band> bands;
  bands.reserve(static_cast<std::size_t>(count));
  Index used = 2 * count;
  for (Index i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(2 * i);
    const Index start = call.integer(at, 0, cells), length = call.integer(at + 1, 0, cells - start);
    call.expect(length <= numbers - used, "fewer weights than the bands are long");
    bands.push_back({start, length, used});
    used += length;
  }
  call.expect(used == numbers, "more weights than the bands are long");
  return bands;
}

// One row of the result as a sum of rows.
template <typename T>
void sum_rows(const T* x, const Band& band, const T* weights, Index width, T* y) {
  std::fill_n(y, width, T(0));
  for (Index k = 0; k < band.length; ++k) {
    const T weight = weights[band.weights + k];
    const T* row = x + (band.start + k) * width;
    for (Index i = 0; i < width; ++i) y[i] += weight * row[i];
  }
}

template <typename T>
void run(const Call& call, const View& x, const View& y, const std::vector<Band>& bands) {
  const Index before = x.dim(0), cells = x.dim(1), width = x.dim(2), count = y.dim(1);
  if (y.size == 0) return;
  const std::vector<T> weights(call.attributes().begin(), call.attributes().end());
  const double longest = static_cast<double>(weights.size()) / static_cast<double>(count);
  const T* in = x.as<T>();
  T* out = y.as<T>();
  for_each_unit(call.workers, static_cast<std::size_t>(before * count), longest * static_cast<double>(width),
                [&](std::size_t unit) {
                  const Index at = static_cast<Index>(unit), i = at / count;
                  const Band& band = bands[static_cast<std::size_t>(at % count)];
                  const T* from = in + i * cells * width;
                  if (width > 1) {
                    sum_rows(from, band, weights.data(), width, out + at * width);
                    return;
                  }
                  T sum = 0;
                  for (Index k = 0; k < band.length; ++k) {
                    sum += weights[static_cast<std::size_t>(band.weights + k)] * from[band.start + k];
                  }
                  out[at] = sum;
                });
}

void resample(const Call& call) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.rank() == 3 && y.rank() == 3 && x.dim(0) == y.dim(0) && x.dim(2) == y.dim(2),
              "expected x [A, L, B] and out [A, M, B]");
  const std::vector<Band> bands = bands_of(call, x.dim(1), y.dim(1));
  dispatch_float(x.dtype, [&]<typename T>() { run<T>(call, x, y, bands); });
}

PALIMPSEST_KERNEL("resample", resample);

}  // namespace
}  // namespace palimpsest
