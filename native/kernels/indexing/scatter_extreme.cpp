// The largest or smallest of what is scattered to each place: scatterMax and scatterMin, x [R, V, I],
// indices [R, M, I] or [R, M, 1], values [R, M, I] -> y [R, V, I] and, int32, which value m it is there; -1
// where it is that of x. Of equal ones the first stays, and NaN beats all.
#include <algorithm>

#include "kernels/pieces.h"
#include "kernels/shape/along.h"

namespace palimpsest {
namespace {

struct Larger {
  template <typename T>
  bool operator()(T value, T best) const {
    return value > best || (value != value && best == best);
  }
};

struct Smaller {
  template <typename T>
  bool operator()(T value, T best) const {
    return value < best || (value != value && best == best);
  }
};

// In the order of m: parallel over blocks and over ranges of columns.
template <typename T, typename Beats>
void scatter(const Call& call, const Along& e, const T* x, const T* values, T* y, std::int32_t* winners) {
  constexpr std::size_t kColumns = 256, kRowsBetweenLooks = 1024;
  const std::size_t width = std::min(kColumns, e.inner), chunks = (e.inner + width - 1) / width;
  const double rows = static_cast<double>(e.picks) + static_cast<double>(e.table);
  const double work = static_cast<double>(width) * rows;
  for_each_unit(call.workers, e.blocks * chunks, work, [&](std::size_t unit) {
    const std::size_t block = unit / chunks, column = unit % chunks * width;
    const std::size_t last = std::min(e.inner, column + width), table = block * e.table * e.inner;
    for (std::size_t v = 0; v < e.table; ++v) {
      const std::size_t row = table + v * e.inner;
      std::copy(x + row + column, x + row + last, y + row + column);
      std::fill(winners + row + column, winners + row + last, -1);
    }
    for (std::size_t m = 0; m < e.picks; ++m) {
      if (m % kRowsBetweenLooks == 0 && call.workers.cancelled()) return;
      const std::size_t row = block * e.picks + m;
      for (std::size_t i = column; i < last; ++i) {
        const std::size_t place = table + e.place(row, i);
        const T value = values[row * e.inner + i];
        if (!Beats()(value, y[place])) continue;
        y[place] = value;
        winners[place] = static_cast<std::int32_t>(m);
      }
    }
  });
}

template <typename Beats>
void scatter_extreme(const Call& call, const char* name) {
  call.expect_counts(3, 2);
  const View &x = call.input(0), &indices = call.input(1), &values = call.input(2);
  const View &y = call.output(0), &winners = call.output(1);
  call.expect(x.shape == y.shape && x.dtype == y.dtype, "the result must be like the first input");
  call.expect(winners.shape == y.shape, "there must be a winner for each place");
  const Along e(call, name, x, indices, values);
  call.expect(e.picks <= std::size_t{0x7fffffff}, "too many indices");
  std::int32_t* const to = winners.as<std::int32_t>();
  dispatch_number(x.dtype, [&]<typename T>() {
    if (y.size > 0) scatter<T, Beats>(call, e, x.as<T>(), values.as<T>(), y.as<T>(), to);
  });
}

void scatter_max(const Call& call) { scatter_extreme<Larger>(call, "scatterMax"); }
void scatter_min(const Call& call) { scatter_extreme<Smaller>(call, "scatterMin"); }

PALIMPSEST_KERNEL("scatterMax", scatter_max);
PALIMPSEST_KERNEL("scatterMin", scatter_min);

}  // namespace
}  // namespace palimpsest
