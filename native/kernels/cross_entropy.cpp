// softmaxCrossEntropy: loss[r] = log(sum_c exp(x[r, c])) - x[r, label[r]], and its gradient.
#include <algorithm>
#include <cmath>
#include <string>

#include "core/kernel.h"
#include "kernels/pieces.h"

namespace palimpsest {
namespace {

void check_labels(const char* name, const std::int32_t* labels, std::int64_t rows, std::int64_t classes) {
  for (std::int64_t r = 0; r < rows; ++r) {
    if (labels[r] >= 0 && labels[r] < classes) continue;
    throw Error("ERR_INDEX", std::string(name) + ": label " + std::to_string(labels[r]) + " at position " +
                                 std::to_string(r) + " is outside [0, " + std::to_string(classes) + ")");
  }
}

template <typename T>
T loss_row(const T* x, std::int64_t n, std::int32_t label) {
  const T top = *std::max_element(x, x + n);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - top);
  return (top - x[label]) + static_cast<T>(std::log(sum));
}

template <typename T>
void grad_row(const T* x, std::int64_t n, std::int32_t label, T g, T* y) {
  const T top = *std::max_element(x, x + n);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = std::exp(x[i] - top);
    sum += y[i];
  }
  const T scale = static_cast<T>(g / sum);
  for (std::int64_t i = 0; i < n; ++i) y[i] *= scale;
  y[label] -= g;
}

void softmax_cross_entropy(const Call& call) {
  call.expect_counts(2, 1);
  const View& logits = call.input(0);
  const View& labels = call.input(1);
  const View& loss = call.output(0);
  call.expect(logits.rank() == 2 && labels.shape == Shape{logits.dim(0)} && loss.shape == labels.shape,
              "expected logits [R, C], labels [R] and loss [R]");
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T* in = logits.as<T>();
    const std::int32_t* label = labels.as<std::int32_t>();
    T* out = loss.as<T>();
    const std::int64_t n = logits.dim(1);
    check_labels("softmaxCrossEntropy", label, labels.size, n);
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(static_cast<std::size_t>(loss.size), grain,
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t r = begin; r < end; ++r)
                                    out[r] = loss_row(in + r * n, n, label[r]);
                                });
  });
}

void softmax_cross_entropy_grad(const Call& call) {
  call.expect_counts(3, 1);
  const View& logits = call.input(0);
  const View& labels = call.input(1);
  const View& weight = call.input(2);
  const View& grad = call.output(0);
  call.expect(logits.rank() == 2 && labels.shape == Shape{logits.dim(0)} && weight.shape == labels.shape &&
                  grad.shape == logits.shape,
              "expected logits [R, C], labels [R], g [R] and out [R, C]");
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T* in = logits.as<T>();
    const std::int32_t* label = labels.as<std::int32_t>();
    const T* g = weight.as<T>();
    T* out = grad.as<T>();
    const std::int64_t n = logits.dim(1);
    check_labels("softmaxCrossEntropyGrad", label, labels.size, n);
    const std::size_t grain = units_per_piece(static_cast<double>(n));
    call.workers.parallel_range(static_cast<std::size_t>(labels.size), grain,
                                [&](std::size_t begin, std::size_t end) {
                                  for (std::size_t r = begin; r < end; ++r)
                                    grad_row(in + r * n, n, label[r], g[r], out + r * n);
                                });
  });
}

PALIMPSEST_KERNEL("softmaxCrossEntropy", softmax_cross_entropy);
PALIMPSEST_KERNEL("softmaxCrossEntropyGrad", softmax_cross_entropy_grad);

}  // namespace
}  // namespace palimpsest
