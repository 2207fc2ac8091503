#pragma once

#include <cstddef>

namespace palimpsest {

// How products of queries and keys become scores: s = cap tanh(product scale / cap) + bias, without the tanh
// when cap is 0.
template <typename T>
struct ScoreRule {
  T scale;
  T cap;
};

// The loops over one row of scores, for one element type and one instruction set.
template <typename T>
struct AttentionLoops {
  // n products become weights e^(score - top), where top is raised to the largest score first; returns their
  // sum. Weights are 0, and so is the sum, when all scores are -infinity; NaN comes out for NaN. `bias` may
  // be null.
  double (*weights)(std::size_t n, T* s, const T* bias, ScoreRule<T> rule, T* top);
  // y *= factor
  void (*scale)(std::size_t n, T* y, T factor);
  // to = from * factor
  void (*scaled)(std::size_t n, const T* from, T factor, T* to);
  // p: products become probabilities e^(score - log_sum). dp: cotangents of the probabilities become those of
  // the products, p (dp - delta) times d score / d product.
  void (*grad)(std::size_t n, T* p, T* dp, const T* bias, ScoreRule<T> rule, T log_sum, T delta);
};

struct AttentionLoopSet {
  AttentionLoops<float> single;
  AttentionLoops<double> twice;

  template <typename T>
  const AttentionLoops<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return single;
    } else {
      return twice;
    }
  }
};

extern const AttentionLoopSet kBaselineAttentionLoops;
#if defined(__x86_64__)
extern const AttentionLoopSet kAvx2AttentionLoops;
extern const AttentionLoopSet kAvx512AttentionLoops;
#endif

// The loops for this processor.
const AttentionLoopSet& attention_loops();

}  // namespace palimpsest
