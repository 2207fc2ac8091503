// Softmax and cross-entropy of a row. Included by one file per instruction set, with the precautions of
// lanes.h.
#include "kernels/elementwise/float_math.h"
#include "kernels/lanes.h"

namespace palimpsest {
namespace {

// e^x for x <= 0, where single::exp would pay for the range above. What is below the normal numbers becomes
// 0.
PALIMPSEST_INLINE float exp_of(float x) {
  constexpr float kLowest = -87.0f;
  const single::ReducedExp e(x < kLowest ? kLowest : x);
  const float y = (1.0f + (e.r + e.tail)) * single::power_of_two(e.n);
  return x < kLowest ? 0.0f : y;
}
PALIMPSEST_INLINE double exp_of(double x) { return __builtin_exp(x); }

template <typename T>
constexpr T kMinusInfinity = -static_cast<T>(__builtin_inff());

// e^x lane by lane, in the form of a loop that the compiler turns into vector instructions.
template <typename T>
PALIMPSEST_INLINE Vector<T> exp_of_lanes(Vector<T> x) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &x, kVectorBytes);
  for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = exp_of(lanes[i]);
  __builtin_memcpy(&x, lanes, kVectorBytes);
  return x;
}

#if defined(__AVX512F__)
// The same with the scaling by 2^n as one instruction: 15 instead of 20 operations a vector.
template <>
PALIMPSEST_INLINE Vector<float> exp_of_lanes<float>(Vector<float> x) {
  constexpr float kLowest = -87.0f, kShift = 0x1.8p23f;
  const __mmask16 is_normal = _mm512_cmp_ps_mask(x, splat(kLowest), _CMP_NLT_UQ);
  const Vector<float> whole = (x * 0x1.715476p0f + kShift) - kShift;
  const Vector<float> r = (x - whole * single::kLn2High) - whole * single::kLn2Low;
  Vector<float> q = r * 0x1.9f0d14p-13f + 0x1.6d8ddcp-10f;
  q = q * r + 0x1.11127p-7f;
  q = q * r + 0x1.55548cp-5f;
  q = q * r + 0x1.555554p-3f;
  q = q * r + 0.5f;
  return _mm512_maskz_scalef_ps(is_normal, (r * r * q + r) + 1.0f, whole);
}
#endif

// The largest element. NaN may be passed over here: it comes back through the sum of exponentials.
template <typename T>
inline T largest(std::size_t n, const T* x) {
  Vector<T> top[4] = {splat(x[0]), splat(x[0]), splat(x[0]), splat(x[0])};
  std::size_t i = 0;
  for (; i + 4 * kLanes<T> <= n; i += 4 * kLanes<T>) {
    for (std::size_t c = 0; c < 4; ++c) {
      const Vector<T> v = WholeVector{i + c * kLanes<T>}(x);
      top[c] = v > top[c] ? v : top[c];
    }
  }
  for_each_vector<T>(n - i, [&](auto at) {
    const Vector<T> v = at(x + i, x[0]);
    top[0] = v > top[0] ? v : top[0];
  });
  for (std::size_t c = 1; c < 4; ++c) top[0] = top[c] > top[0] ? top[c] : top[0];
  return largest_lane<T>(top[0]);
}

// The sum of e^(x - top), which goes from 1 to n.
template <typename T>
inline double sum_of_exponentials(std::size_t n, const T* x, T top) {
  double total[1];
  add_up<T>(n, total,
            [&](auto at, Vector<T>* sums) { sums[0] += exp_of_lanes<T>(at(x, kMinusInfinity<T>) - top); });
  return total[0];
}

// y = e^(x - top), and their sum.
template <typename T>
inline double exponentials(std::size_t n, const T* x, T top, T* y) {
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) {
    const Vector<T> e = exp_of_lanes<T>(at(x, kMinusInfinity<T>) - top);
    at.put(y, e);
    sums[0] += e;
  });
  return total[0];
}

template <typename T>
PALIMPSEST_LOOP void softmax_row(std::size_t n, const T* x, T* y) {
  if (n <= kLanes<T>) {  // a few classes: never leaves the registers
    const PartOfVector at{0, n};
    const Vector<T> v = at(x, kMinusInfinity<T>);
    const Vector<T> e = exp_of_lanes<T>(v - largest_lane<T>(v));
    at.put(y, e / sum_of_lanes<T>(e));
    return;
  }
  const double sum = exponentials(n, x, largest(n, x), y);
  const T scale = static_cast<T>(1 / sum);
  for_each_vector<T>(n, [&](auto at) { at.put(y, at(y) * scale); });
}

template <typename T>
PALIMPSEST_LOOP void log_softmax_row(std::size_t n, const T* x, T* y) {
  const T top = largest(n, x);
  const T log_sum = static_cast<T>(__builtin_log(sum_of_exponentials(n, x, top)));
  for_each_vector<T>(n, [&](auto at) { at.put(y, (at(x) - top) - log_sum); });
}

template <typename T>
PALIMPSEST_LOOP T cross_entropy_row(std::size_t n, const T* x, std::size_t label, double smoothing) {
  const T top = largest(n, x);
  const double log_sum = __builtin_log(sum_of_exponentials(n, x, top));
  if (smoothing == 0) return (top - x[label]) + static_cast<T>(log_sum);
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += top - at(x, top); });
  const double below = static_cast<double>(top - x[label]);
  return static_cast<T>(log_sum + (1 - smoothing) * below + smoothing * (total[0] / static_cast<double>(n)));
}

template <typename T>
PALIMPSEST_LOOP void cross_entropy_grad_row(std::size_t n, const T* x, std::size_t label, double smoothing,
                                            T g, T* dx) {
  const double sum = exponentials(n, x, largest(n, x), dx);
  const T scale = static_cast<T>(g / sum);
  const T share = static_cast<T>(smoothing * g / static_cast<double>(n));
  for_each_vector<T>(n, [&](auto at) { at.put(dx, at(dx) * scale - share); });
  dx[label] -= static_cast<T>((1 - smoothing) * g);
}

template <typename T>
PALIMPSEST_LOOP T soft_cross_entropy_row(std::size_t n, const T* x, const T* target) {
  const T top = largest(n, x);
  const double log_sum = __builtin_log(sum_of_exponentials(n, x, top));
  double totals[2];
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    const Vector<T> t = at(target);
    sums[0] += t;
    sums[1] += t * (top - at(x, top));
  });
  return static_cast<T>(log_sum * totals[0] + totals[1]);
}

template <typename T>
PALIMPSEST_LOOP void soft_cross_entropy_grad_row(std::size_t n, const T* x, const T* target, T g, T* dx) {
  const double sum = exponentials(n, x, largest(n, x), dx);
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += at(target); });
  const T scale = static_cast<T>(g * (total[0] / sum));
  for_each_vector<T>(n, [&](auto at) { at.put(dx, at(dx) * scale - at(target) * g); });
}

}  // namespace
}  // namespace palimpsest
