// softmax and logSoftmax over the last axis of [R, C].
#include "core/kernel.h"
#include "kernels/pieces.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

// Runs one of the row loops over all rows: choose(loops) picks it from those of the element type.
template <typename Choose>
void over_rows(const Call& call, Choose&& choose) {
  call.expect_counts(1, 1);
  const View& x = call.input(0);
  const View& y = call.output(0);
  call.expect(x.rank() == 2 && y.shape == x.shape, "expected [R, C] in and out");
  dispatch_float(x.dtype, [&]<typename T>() {
    const T* in = x.as<T>();
    T* out = y.as<T>();
    if (x.size == 0) return;
    const std::size_t n = static_cast<std::size_t>(x.dim(1));
    const auto loop = choose(row_loops().of<T>());
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, out + r * n); });
  });
}

void softmax(const Call& call) {
  over_rows(call, [](const auto& loops) { return loops.softmax; });
}

void log_softmax(const Call& call) {
  over_rows(call, [](const auto& loops) { return loops.log_softmax; });
}

PALIMPSEST_KERNEL("softmax", softmax);
PALIMPSEST_KERNEL("logSoftmax", log_softmax);

}  // namespace
}  // namespace palimpsest
