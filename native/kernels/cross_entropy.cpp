// softmaxCrossEntropy: loss[r] = log(sum_c exp(x[r, c])) - x[r, label[r]], and its gradient.
#include <string>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "kernels/rows/row_loops.h"

namespace palimpsest {
namespace {

// Checks every label before anything is computed, and returns them.
const std::int32_t* checked_labels(const char* name, const View& labels, std::int64_t classes) {
  const std::int32_t* label = labels.as<std::int32_t>();
  for (std::int64_t r = 0; r < labels.size; ++r) {
    if (label[r] >= 0 && label[r] < classes) continue;
    throw Error("ERR_INDEX", std::string(name) + ": label " + std::to_string(label[r]) + " at position " +
                                 std::to_string(r) + " is outside [0, " + std::to_string(classes) + ")");
  }
  return label;
}

void softmax_cross_entropy(const Call& call) {
  call.expect_counts(2, 1);
  const View& logits = call.input(0);
  const View& labels = call.input(1);
  const View& loss = call.output(0);
  call.expect(logits.rank() == 2 && labels.shape == Shape{logits.dim(0)} && loss.shape == labels.shape,
              "expected logits [R, C], labels [R] and loss [R]");
  const std::int32_t* label = checked_labels("softmaxCrossEntropy", labels, logits.dim(1));
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T* x = logits.as<T>();
    T* out = loss.as<T>();
    const std::size_t n = static_cast<std::size_t>(logits.dim(1));
    const auto loop = row_loops().of<T>().cross_entropy;
    for_each_unit(call.workers, static_cast<std::size_t>(labels.size), static_cast<double>(n),
                  [&](std::size_t r) { out[r] = loop(n, x + r * n, static_cast<std::size_t>(label[r])); });
  });
}

void softmax_cross_entropy_grad(const Call& call) {
  call.expect_counts(3, 1);
  const View& logits = call.input(0);
  const View& labels = call.input(1);
  const View& weights = call.input(2);
  const View& grad = call.output(0);
  call.expect(logits.rank() == 2 && labels.shape == Shape{logits.dim(0)} && weights.shape == labels.shape &&
                  grad.shape == logits.shape,
              "expected logits [R, C], labels [R], g [R] and out [R, C]");
  const std::int32_t* label = checked_labels("softmaxCrossEntropyGrad", labels, logits.dim(1));
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T* x = logits.as<T>();
    const T* g = weights.as<T>();
    T* out = grad.as<T>();
    const std::size_t n = static_cast<std::size_t>(logits.dim(1));
    const auto loop = row_loops().of<T>().cross_entropy_grad;
    for_each_unit(
        call.workers, static_cast<std::size_t>(labels.size), static_cast<double>(n),
        [&](std::size_t r) { loop(n, x + r * n, static_cast<std::size_t>(label[r]), g[r], out + r * n); });
  });
}

PALIMPSEST_KERNEL("softmaxCrossEntropy", softmax_cross_entropy);
PALIMPSEST_KERNEL("softmaxCrossEntropyGrad", softmax_cross_entropy_grad);

}  // namespace
}  // namespace palimpsest
