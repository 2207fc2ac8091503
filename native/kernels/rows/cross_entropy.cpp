// softmaxCrossEntropy: loss[r] = log(sum_c exp(x[r, c])) - sum_c t[r, c] x[r, c] and its gradient by x, for
// targets t given as labels (with smoothing, and a label that is left out) or as distributions. Traffic bounds them, 4 bytes
// an element of floats forwards and 8 back; a program that wants both has them from one pass.
#include <algorithm>
#include <string>

#include "core/kernel.h"
#include "kernels/pieces.h"
#include "row_loops.h"

namespace palimpsest {
namespace {

// Labels of rows, every one of them checked before anything is computed.
struct Labels {
  const std::int32_t* of;
  std::int64_t ignored;
  double smoothing;

  Labels(const Call& call, const char* name, const View& labels, std::int64_t classes)
      : of(labels.as<std::int32_t>()),
        ignored(call.integer(0, INT32_MIN, INT32_MAX)),
        smoothing(call.attribute(1)) {
    call.expect(call.attributes().size() == 2, "two attributes expected");
    require(smoothing >= 0 && smoothing <= 1, "ERR_VALUE", "label smoothing must be from 0 to 1");
    for (std::int64_t r = 0; r < labels.size; ++r) {
      if ((of[r] >= 0 && of[r] < classes) || of[r] == ignored) continue;
      throw Error("ERR_INDEX", std::string(name) + ": label " + std::to_string(of[r]) + " at position " +
                                   std::to_string(r) + " is outside [0, " + std::to_string(classes) + ")");
    }
  }
};

void softmax_cross_entropy(const Call& call) {
  call.expect_counts(2, 1);
  const View& logits = call.input(0);
  const View& labels = call.input(1);
  const View& loss = call.output(0);
  call.expect(logits.rank() == 2 && labels.shape == Shape{logits.dim(0)} && loss.shape == labels.shape,
              "expected logits [R, C], labels [R] and loss [R]");
  const Labels label(call, "softmaxCrossEntropy", labels, logits.dim(1));
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T* x = logits.as<T>();
    T* out = loss.as<T>();
    const std::size_t n = static_cast<std::size_t>(logits.dim(1));
    const auto loop = row_loops().of<T>().cross_entropy;
    for_each_unit(call.workers, static_cast<std::size_t>(labels.size), static_cast<double>(n),
                  [&](std::size_t r) {
                    out[r] = label.of[r] == label.ignored
                                 ? T(0)
                                 : loop(n, x + r * n, static_cast<std::size_t>(label.of[r]), label.smoothing);
                  });
  });
}

// The gradient, and the losses where they are asked for: a second output.
void softmax_cross_entropy_grad(const Call& call) {
  const bool has_loss = call.output_count() == 2;
  call.expect_counts(3, has_loss ? 2 : 1);
  const View& logits = call.input(0);
  const View& labels = call.input(1);
  const View& weights = call.input(2);
  const View& grad = call.output(0);
  call.expect(logits.rank() == 2 && labels.shape == Shape{logits.dim(0)} && weights.shape == labels.shape &&
                  grad.shape == logits.shape && (!has_loss || call.output(1).shape == labels.shape),
              "expected logits [R, C], labels [R], g [R] and out [R, C], if need be [R]");
  const Labels label(call, "softmaxCrossEntropyGrad", labels, logits.dim(1));
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T* x = logits.as<T>();
    const T* g = weights.as<T>();
    T* out = grad.as<T>();
    T* losses = has_loss ? call.output(1).as<T>() : nullptr;
    const std::size_t n = static_cast<std::size_t>(logits.dim(1));
    const auto loop = row_loops().of<T>().cross_entropy_grad;
    const Write write = write_for(sizeof(T) * static_cast<std::size_t>(grad.size));
    for_each_unit(call.workers, static_cast<std::size_t>(labels.size), static_cast<double>(n),
                  [&](std::size_t r) {
                    const std::size_t at = r * n;
                    T* const loss = has_loss ? losses + r : nullptr;
                    if (label.of[r] == label.ignored) {
                      std::fill_n(out + at, n, T(0));
                      if (has_loss) *loss = T(0);
                    } else {
                      const auto own = static_cast<std::size_t>(label.of[r]);
                      loop(n, x + at, own, label.smoothing, g[r], write, out + at, loss);
                    }
                  });
  });
}

void soft_cross_entropy(const Call& call) {
  call.expect_counts(2, 1);
  const View& logits = call.input(0);
  const View& targets = call.input(1);
  const View& loss = call.output(0);
  call.expect(logits.rank() == 2 && targets.shape == logits.shape && loss.shape == Shape{logits.dim(0)},
              "expected logits [R, C], targets [R, C] and loss [R]");
  call.expect(logits.size > 0 || loss.size == 0, "a row must have an element");
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T *x = logits.as<T>(), *t = targets.as<T>();
    T* out = loss.as<T>();
    const std::size_t n = static_cast<std::size_t>(logits.dim(1));
    const auto loop = row_loops().of<T>().soft_cross_entropy;
    for_each_unit(call.workers, static_cast<std::size_t>(loss.size), static_cast<double>(n),
                  [&](std::size_t r) { out[r] = loop(n, x + r * n, t + r * n); });
  });
}

void soft_cross_entropy_grad(const Call& call) {
  call.expect_counts(3, 1);
  const View& logits = call.input(0);
  const View& targets = call.input(1);
  const View& weights = call.input(2);
  const View& grad = call.output(0);
  call.expect(logits.rank() == 2 && targets.shape == logits.shape && weights.shape == Shape{logits.dim(0)} &&
                  grad.shape == logits.shape,
              "expected logits [R, C], targets [R, C], g [R] and out [R, C]");
  dispatch_float(logits.dtype, [&]<typename T>() {
    const T *x = logits.as<T>(), *t = targets.as<T>(), *g = weights.as<T>();
    T* out = grad.as<T>();
    if (grad.size == 0) return;
    const std::size_t n = static_cast<std::size_t>(logits.dim(1));
    const auto loop = row_loops().of<T>().soft_cross_entropy_grad;
    const Write write = write_for(sizeof(T) * static_cast<std::size_t>(grad.size));
    for_each_unit(call.workers, static_cast<std::size_t>(weights.size), static_cast<double>(n),
                  [&](std::size_t r) { loop(n, x + r * n, t + r * n, g[r], write, out + r * n); });
  });
}

PALIMPSEST_KERNEL("softmaxCrossEntropy", softmax_cross_entropy);
PALIMPSEST_KERNEL("softmaxCrossEntropyGrad", softmax_cross_entropy_grad);
PALIMPSEST_KERNEL("softCrossEntropy", soft_cross_entropy);
PALIMPSEST_KERNEL("softCrossEntropyGrad", soft_cross_entropy_grad);

}  // namespace
}  // namespace palimpsest
