#pragma once

#include <cstddef>

#include "kernels/parameter_loops/parameter_loops.h"

namespace palimpsest {

// The runs of elements that one channel of a batch consists of.
struct ChannelRuns {
  std::size_t examples;
  std::size_t step;
  std::size_t cells;
};

// The loops over one row of softmax, cross-entropy and the norms, for one element type and one instruction
// set. Rows have at least one element, and outputs are apart from inputs.
template <typename T>
struct RowLoops {
  void (*softmax)(std::size_t n, const T* x, Write write, T* y);
  void (*log_softmax)(std::size_t n, const T* x, Write write, T* y);
  // y (g - sum(y g)) for y = softmax(x), and the same from x
  void (*softmax_grad)(std::size_t n, const T* y, const T* g, Write write, T* dx);
  void (*softmax_grad_of_scores)(std::size_t n, const T* x, const T* g, Write write, T* dx);
  // log(sum exp x) - sum(t x) for the target t = (1 - smoothing) onehot(label) + smoothing / n, and its
  // gradient (softmax(x) - t) * g, which also says the loss where `loss` is not null
  T (*cross_entropy)(std::size_t n, const T* x, std::size_t label, double smoothing);
  void (*cross_entropy_grad)(std::size_t n, const T* x, std::size_t label, double smoothing, T g, Write write,
                             T* dx, T* loss);
  // sum(t) log(sum exp x) - sum(t x) for any target t, and its gradient (softmax(x) sum(t) - t) * g
  T (*soft_cross_entropy)(std::size_t n, const T* x, const T* target);
  void (*soft_cross_entropy_grad)(std::size_t n, const T* x, const T* target, T g, Write write, T* dx);
  void (*layer_norm)(std::size_t n, const T* x, const T* gain, const T* bias, double eps, Write write, T* y);
  void (*layer_norm_grad)(std::size_t n, const T* x, const T* gain, const T* g, double eps, T* dx);
  // The same gradient by x, and what the row adds to those by gain and bias.
  void (*layer_norm_grads)(std::size_t n, const T* x, const T* gain, const T* g, double eps, Write write, T* dx,
                           T* dgain, T* dbias);
  // A group of `channels` rows of `cells` elements, normalised together, with one gain and bias per channel.
  void (*group_norm)(std::size_t channels, std::size_t cells, const T* x, const T* gain, const T* bias,
                     double eps, T* y);
  void (*group_norm_grad)(std::size_t channels, std::size_t cells, const T* x, const T* gain, const T* g,
                          double eps, T* dx);
  void (*rms_norm)(std::size_t n, const T* x, const T* gain, double eps, T* y);
  void (*rms_norm_grad)(std::size_t n, const T* x, const T* gain, const T* g, double eps, T* dx);
  // One channel of a batch: `examples` runs of `cells` elements, `step` apart, normalised together.
  // `statistics` receives their mean and variance.
  void (*batch_norm)(const ChannelRuns& runs, const T* x, T gain, T bias, double eps, T* y, T* statistics);
  void (*batch_norm_grad)(const ChannelRuns& runs, const T* x, T gain, const T* g, double eps, T* dx);
};

struct RowLoopSet {
  RowLoops<float> single;
  RowLoops<double> twice;

  template <typename T>
  const RowLoops<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return single;
    } else {
      return twice;
    }
  }
};

extern const RowLoopSet kBaselineRowLoops;
#if defined(__x86_64__)
extern const RowLoopSet kAvx2RowLoops;
extern const RowLoopSet kAvx512RowLoops;
#endif

// The loops for this processor.
const RowLoopSet& row_loops();

}  // namespace palimpsest
