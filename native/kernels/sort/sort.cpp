// sort: the elements of every row of [rows, n] in order. argsort: their places, int32; equal elements keep
// their order. Attributes: 1 for descending order. NaN comes last either way.
#include <limits>

#include "core/kernel.h"
#include "row_sort.h"

namespace palimpsest {
namespace {

bool checked_direction(const Call& call) {
  call.expect_counts(1, 1);
  call.expect(call.attributes().size() == 1, "one attribute expected");
  call.expect(call.input(0).rank() == 2 && call.output(0).shape == call.input(0).shape,
              "[rows, n] expected, and results of that shape");
  call.expect(call.input(0).dim(1) <= std::numeric_limits<std::int32_t>::max(),
              "the axis is too long for int32 indices");
  return call.integer(0, 0, 1) == 1;
}

void sort(const Call& call) {
  const bool descending = checked_direction(call);
  const View &x = call.input(0), &y = call.output(0);
  call.expect(x.dtype == y.dtype, "the dtypes must be equal");
  if (x.size == 0) return;
  dispatch_comparable(x.dtype, [&]<typename T>() {
    RowSort<Values<T>, T>(call, descending, reinterpret_cast<const T*>(x.data), reinterpret_cast<T*>(y.data))
        .run();
  });
}

void argsort(const Call& call) {
  const bool descending = checked_direction(call);
  const View& x = call.input(0);
  std::int32_t* places = call.output(0).as<std::int32_t>();
  if (x.size == 0) return;
  dispatch_comparable(x.dtype, [&]<typename T>() {
    RowSort<Places<T>, T>(call, descending, reinterpret_cast<const T*>(x.data), places).run();
  });
}

PALIMPSEST_KERNEL("sort", sort);
PALIMPSEST_KERNEL("argsort", argsort);

}  // namespace
}  // namespace palimpsest
