// softmax and logSoftmax over the last axis of [R, C], and the gradient of softmax, dx = y (g - sum(y g)), from y or
// from x. Traffic bounds them: 8 bytes an element of floats forwards, 12 back, if exponentials keep up with it.
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
    const Write write = write_for(sizeof(T) * static_cast<std::size_t>(y.size));
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, write, out + r * n); });
  });
}

// The same for loops that read a second row: the first is y or x, the second g.
template <typename Choose>
void gradient_over_rows(const Call& call, Choose&& choose) {
  call.expect_counts(2, 1);
  const View &x = call.input(0), &g = call.input(1), &dx = call.output(0);
  call.expect(x.rank() == 2 && g.shape == x.shape && dx.shape == x.shape, "expected [R, C] in, in and out");
  dispatch_float(x.dtype, [&]<typename T>() {
    const T *in = x.as<T>(), *up = g.as<T>();
    T* out = dx.as<T>();
    if (x.size == 0) return;
    const std::size_t n = static_cast<std::size_t>(x.dim(1));
    const auto loop = choose(row_loops().of<T>());
    const Write write = write_for(sizeof(T) * static_cast<std::size_t>(dx.size));
    for_each_unit(call.workers, static_cast<std::size_t>(x.dim(0)), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, in + r * n, up + r * n, write, out + r * n); });
  });
}

void softmax(const Call& call) {
  over_rows(call, [](const auto& loops) { return loops.softmax; });
}

void log_softmax(const Call& call) {
  over_rows(call, [](const auto& loops) { return loops.log_softmax; });
}

void softmax_grad(const Call& call) {
  gradient_over_rows(call, [](const auto& loops) { return loops.softmax_grad; });
}

void softmax_grad_of_scores(const Call& call) {
  gradient_over_rows(call, [](const auto& loops) { return loops.softmax_grad_of_scores; });
}

PALIMPSEST_KERNEL("softmax", softmax);
PALIMPSEST_KERNEL("logSoftmax", log_softmax);
PALIMPSEST_KERNEL("softmaxGrad", softmax_grad);
PALIMPSEST_KERNEL("softmaxGradOfScores", softmax_grad_of_scores);

}  // namespace
}  // namespace palimpsest
