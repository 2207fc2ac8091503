// The row loops of attention. Included by one file per instruction set, with the precautions of lanes.h.
#include "attention_loops.h"
#include "kernels/rows/softmax_rows.inl"

namespace palimpsest {
namespace {

inline float tanh_of(float x) { return single::tanh(x); }
inline double tanh_of(double x) { return __builtin_tanh(x); }

// tanh lane by lane, in the form of a loop that the compiler turns into vector instructions.
template <typename T>
inline Vector<T> tanh_of_lanes(Vector<T> x) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &x, kVectorBytes);
  for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = tanh_of(lanes[i]);
  __builtin_memcpy(&x, lanes, kVectorBytes);
  return x;
}

// Scores of a row in place of products; the largest of them, or `top` if that is larger.
template <typename T, bool kCapped, bool kBiased>
inline T scores_of(std::size_t n, T* s, const T* bias, ScoreRule<T> rule, T top) {
  const T inner = kCapped ? rule.scale / rule.cap : rule.scale;
  Vector<T> tops[2] = {splat(top), splat(top)};
  for_each_vector_in_turn<T>(n, [&](auto at, int turn) {
    Vector<T> v = at(s) * inner;
    if constexpr (kCapped) v = tanh_of_lanes<T>(v) * rule.cap;
    if constexpr (kBiased) v += at(bias);
    at.put(s, v);
    v = at(s, kMinusInfinity<T>);  // what lies behind the row is no score
    tops[turn] = v > tops[turn] ? v : tops[turn];
  });
  return largest_lane<T>(tops[0] > tops[1] ? tops[0] : tops[1]);
}

template <typename T>
inline double no_weights(std::size_t n, T* s) {
  // Nothing but masked scores, unless there is a NaN, which no comparison finds.
  bool is_nan = false;
  for (std::size_t i = 0; i < n; ++i) is_nan |= s[i] != s[i];
  const T value = is_nan ? static_cast<T>(__builtin_nan("")) : T(0);
  for (std::size_t i = 0; i < n; ++i) s[i] = value;
  return static_cast<double>(value);
}

template <typename T, bool kCapped, bool kBiased>
double weights_of(std::size_t n, T* s, const T* bias, ScoreRule<T> rule, T* top) {
  const T largest = scores_of<T, kCapped, kBiased>(n, s, bias, rule, *top);
  *top = largest;
  if (largest == kMinusInfinity<T>) return no_weights(n, s);
  Vector<T> sums[2] = {};
  for_each_vector_in_turn<T>(n, [&](auto at, int turn) {
    const Vector<T> e = exp_of_lanes<T>(at(s, kMinusInfinity<T>) - largest);
    at.put(s, e);
    sums[turn] += e;
  });
  return static_cast<double>(sum_of_lanes<T>(sums[0] + sums[1]));
}

template <typename T>
double weights_row(std::size_t n, T* s, const T* bias, ScoreRule<T> rule, T* top) {
  if (rule.cap != 0) {
    return bias == nullptr ? weights_of<T, true, false>(n, s, bias, rule, top)
                           : weights_of<T, true, true>(n, s, bias, rule, top);
  }
  return bias == nullptr ? weights_of<T, false, false>(n, s, bias, rule, top)
                         : weights_of<T, false, true>(n, s, bias, rule, top);
}

template <typename T>
void scale_row(std::size_t n, T* y, T factor) {
  for_each_vector<T>(n, [&](auto at) { at.put(y, at(y) * factor); });
}

template <typename T>
void scaled_row(std::size_t n, const T* from, T factor, T* to) {
  for_each_vector<T>(n, [&](auto at) { at.put(to, at(from) * factor); });
}

template <typename T, bool kCapped, bool kBiased>
void grad_of(std::size_t n, T* p, T* dp, const T* bias, ScoreRule<T> rule, T log_sum, T delta) {
  const T inner = kCapped ? rule.scale / rule.cap : rule.scale;
  for_each_vector<T>(n, [&](auto at) {
    Vector<T> v = at(p) * inner;
    Vector<T> slope = splat(rule.scale);
    if constexpr (kCapped) {
      const Vector<T> u = tanh_of_lanes<T>(v);
      v = u * rule.cap;
      slope = (T(1) - u * u) * rule.scale;
    }
    if constexpr (kBiased) v += at(bias);
    const Vector<T> probability = exp_of_lanes<T>(v - log_sum);
    at.put(p, probability);
    at.put(dp, probability * (at(dp) - delta) * slope);
  });
}

template <typename T>
void grad_row(std::size_t n, T* p, T* dp, const T* bias, ScoreRule<T> rule, T log_sum, T delta) {
  if (rule.cap != 0) {
    bias == nullptr ? grad_of<T, true, false>(n, p, dp, bias, rule, log_sum, delta)
                    : grad_of<T, true, true>(n, p, dp, bias, rule, log_sum, delta);
  } else {
    bias == nullptr ? grad_of<T, false, false>(n, p, dp, bias, rule, log_sum, delta)
                    : grad_of<T, false, true>(n, p, dp, bias, rule, log_sum, delta);
  }
}

template <typename T>
constexpr AttentionLoops<T> kAttentionLoopsOf = {weights_row<T>, scale_row<T>, scaled_row<T>, grad_row<T>};

}  // namespace
}  // namespace palimpsest
