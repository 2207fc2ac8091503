// searchSorted: where values would go in sorted rows. In: sorted [rows, n] or [1, n], values [rows, m]; out:
// int32 [rows, m]. Attributes: 1 to go behind equal ones. NaN counts as the largest. Rows that are not sorted
// give some place within them.
#include <algorithm>
#include <limits>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

// NaN comes last.
template <typename T>
inline bool comes_before(T a, T b) {
  return (a < b) | ((a == a) & (b != b));
}

// Whether the place of `value` is behind x.
template <bool is_right, typename T>
inline bool is_passed(T x, T value) {
  return is_right ? !comes_before(value, x) : comes_before(x, value);
}

// Values that are looked for together: all halve the row in step, so that they do not wait for each other.
constexpr std::size_t kTogether = 16;

template <bool is_right, typename T>
void search(const T* sorted, std::size_t n, const T* values, std::size_t count, std::int32_t* y) {
  std::uint32_t begin[kTogether] = {};
  for (; n > 1; n -= n / 2) {
    const auto half = static_cast<std::uint32_t>(n / 2);
    for (std::size_t j = 0; j < count; ++j) {
      const T x = sorted[begin[j] + half - 1];
      begin[j] += half * static_cast<std::uint32_t>(is_passed<is_right>(x, values[j]));
    }
  }
  for (std::size_t j = 0; j < count; ++j) {
    const bool is_behind = n == 1 && is_passed<is_right>(sorted[begin[j]], values[j]);
    y[j] = static_cast<std::int32_t>(begin[j] + (is_behind ? 1 : 0));
  }
}

template <bool is_right, typename T>
void search_rows(const Call& call, const T* sorted, const T* values, std::int32_t* y) {
  const bool is_shared = call.input(0).dim(0) == 1;
  const auto n = static_cast<std::size_t>(call.input(0).dim(1));
  const auto size = static_cast<std::size_t>(call.output(0).size);
  const auto m = is_shared ? size : static_cast<std::size_t>(call.input(1).dim(1));
  call.workers.parallel_range(size, units_per_piece(64), [&](std::size_t begin, std::size_t end) {
    while (begin < end) {
      const std::size_t row = begin / m, count = std::min({end - begin, (row + 1) * m - begin, kTogether});
      search<is_right>(sorted + (is_shared ? 0 : row * n), n, values + begin, count, y + begin);
      begin += count;
    }
  });
}

void search_sorted(const Call& call) {
  call.expect_counts(2, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  const View &sorted = call.input(0), &values = call.input(1), &y = call.output(0);
  std::int32_t* places = y.as<std::int32_t>();
  call.expect(sorted.dtype == values.dtype, "the dtypes must be equal");
  call.expect(sorted.rank() == 2 && values.rank() == 2 && y.shape == values.shape,
              "[rows, n] and [rows, m] expected, and results of the latter's shape");
  call.expect(sorted.dim(0) == 1 || sorted.dim(0) == values.dim(0), "the rows do not agree");
  call.expect(sorted.dim(1) <= std::numeric_limits<std::int32_t>::max(),
              "the axis is too long for int32 indices");
  const bool is_right = call.integer(0, 0, 1) == 1;
  if (y.size == 0) return;
  dispatch_comparable(sorted.dtype, [&]<typename T>() {
    const T *row = reinterpret_cast<const T*>(sorted.data), *value = reinterpret_cast<const T*>(values.data);
    is_right ? search_rows<true>(call, row, value, places) : search_rows<false>(call, row, value, places);
  });
}

PALIMPSEST_KERNEL("searchSorted", search_sorted);

}  // namespace
}  // namespace palimpsest
