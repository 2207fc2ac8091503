// Softmax and cross-entropy of a row. Included by one file per instruction set, with the precautions of
// lanes.h.
#include "kernels/elementwise/float_math.h"
#include "kernels/lanes.h"
#include "write_row.inl"

namespace palimpsest {
namespace {

// e^x for x <= 0, where single::exp would pay for the range above. What is below the normal numbers becomes
// 0.
inline float exp_of(float x) {
  constexpr float kLowest = -87.0f;
  const single::ReducedExp e(x < kLowest ? kLowest : x);
  const float y = (1.0f + (e.r + e.tail)) * single::power_of_two(e.n);
  return x < kLowest ? 0.0f : y;
}
inline double exp_of(double x) { return __builtin_exp(x); }

template <typename T>
constexpr T kMinusInfinity = -static_cast<T>(__builtin_inff());

// e^x lane by lane, in the form of a loop that the compiler turns into vector instructions.
template <typename T>
inline Vector<T> exp_of_lanes(Vector<T> x) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &x, kVectorBytes);
  for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = exp_of(lanes[i]);
  __builtin_memcpy(&x, lanes, kVectorBytes);
  return x;
}

#if defined(__AVX512F__)
// The same with the scaling by 2^n as one instruction: 15 instead of 20 operations a vector.
template <>
inline Vector<float> exp_of_lanes<float>(Vector<float> x) {
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

// The largest element of a row and the sum of e^(x - top), which goes from 1 to n.
template <typename T>
struct Normaliser {
  T top;
  double sum;
};

constexpr std::size_t kStretch = 2048;

// In one pass over memory: every stretch is small enough to be in the first-level cache when it is read for the
// second time, and what was summed before is scaled when a larger element turns up. A row of nothing but
// -Infinity has sum 0; as long as no other element came, stretches are measured from 0, so that NaN is seen.
template <typename T>
inline Normaliser<T> normaliser(std::size_t n, const T* x) {
  Normaliser<T> row{kMinusInfinity<T>, 0};
  for (std::size_t begin = 0; begin < n; begin += kStretch) {
    const std::size_t count = n - begin < kStretch ? n - begin : kStretch;
    const T* const part = x + begin;
    const T top = largest(count, part);
    if (!(top <= row.top)) {
      row.sum *= begin == 0 ? 0 : __builtin_exp(static_cast<double>(row.top) - static_cast<double>(top));
      row.top = top;
    }
    const T base = row.top == kMinusInfinity<T> ? T(0) : row.top;
    double total[1];
    add_up<T>(count, total, [&](auto at, Vector<T>* sums) {
      fetch_ahead(at, part, count);
      sums[0] += exp_of_lanes<T>(at(part, kMinusInfinity<T>) - base);
    });
    row.sum += total[0];
  }
  return row;
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

// How far ahead a row is asked for that lies in the second-level cache.
constexpr std::size_t kSoon = 256;

// y = value(at, e) with e = e^(x - top), for value = make(row). Long rows of single precision and those that go past the
// caches compute their exponentials twice: cheaper than to store them and load them again, and memory is not read
// for what is overwritten. In double precision an exponential costs more than that.
template <typename T, typename Make>
inline Normaliser<T> from_exponentials(std::size_t n, const T* x, Write write, T* y, Make&& make) {
  if (sizeof(T) == sizeof(float) && (write == Write::around_cache || n > kStretch)) {
    const Normaliser<T> row = normaliser(n, x);
    const auto value = make(row);
    write_row<T>(n, write, y, [&](auto at) {
      fetch_ahead(at, x, kSoon);
      return value(at, exp_of_lanes<T>(at(x) - row.top));
    });
    return row;
  }
  const T top = largest(n, x);
  const Normaliser<T> row{top, exponentials(n, x, top, y)};
  const auto value = make(row);
  for_each_vector<T>(n, [&](auto at) { at.put(y, value(at, at(y))); });
  return row;
}

template <typename T>
void softmax_row(std::size_t n, const T* x, Write write, T* y) {
  if (n <= kLanes<T>) {  // a few classes: never leaves the registers
    const PartOfVector at{0, n};
    const Vector<T> v = at(x, kMinusInfinity<T>);
    const Vector<T> e = exp_of_lanes<T>(v - largest_lane<T>(v));
    at.put(y, e / sum_of_lanes<T>(e));
    return;
  }
  from_exponentials(n, x, write, y, [](const Normaliser<T>& row) {
    return [scale = static_cast<T>(1 / row.sum)](auto, Vector<T> e) { return e * scale; };
  });
}

// dx = y (g - sum(y g))
template <typename T>
void softmax_grad_row(std::size_t n, const T* y, const T* g, Write write, T* dx) {
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += at(y) * at(g); });
  const T mean = static_cast<T>(total[0]);
  write_row<T>(n, write, dx, [&](auto at) { return at(y) * (at(g) - mean); });
}

// The same from the scores: y is made again, not read. A row of scores is looked through three times, in the caches.
template <typename T>
void softmax_grad_of_scores_row(std::size_t n, const T* x, const T* g, Write write, T* dx) {
  const T top = largest(n, x);
  double totals[2];
  const bool stores = sizeof(T) != sizeof(float);
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    fetch_ahead(at, x, n);
    fetch_ahead(at, g, n);
    const Vector<T> e = exp_of_lanes<T>(at(x, kMinusInfinity<T>) - top);
    sums[0] += e;
    sums[1] += e * at(g);
    if (stores) at.put(dx, e);
  });
  const T scale = static_cast<T>(1 / totals[0]), mean = static_cast<T>(totals[1] / totals[0]);
  write_row<T>(n, write, dx, [&](auto at) {
    return (stores ? at(dx) : exp_of_lanes<T>(at(x) - top)) * scale * (at(g) - mean);
  });
}

template <typename T>
void log_softmax_row(std::size_t n, const T* x, Write write, T* y) {
  const Normaliser<T> row = normaliser(n, x);
  const T log_sum = static_cast<T>(__builtin_log(row.sum));
  write_row<T>(n, write, y, [&](auto at) { return (at(x) - row.top) - log_sum; });
}

template <typename T>
inline T loss_of(std::size_t n, const T* x, const Normaliser<T>& row, std::size_t label, double smoothing) {
  const double log_sum = __builtin_log(row.sum);
  if (smoothing == 0) return (row.top - x[label]) + static_cast<T>(log_sum);
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += row.top - at(x, row.top); });
  const double below = static_cast<double>(row.top - x[label]);
  return static_cast<T>(log_sum + (1 - smoothing) * below + smoothing * (total[0] / static_cast<double>(n)));
}

template <typename T>
T cross_entropy_row(std::size_t n, const T* x, std::size_t label, double smoothing) {
  return loss_of(n, x, normaliser(n, x), label, smoothing);
}

// `loss` may be null.
template <typename T>
void cross_entropy_grad_row(std::size_t n, const T* x, std::size_t label, double smoothing, T g, Write write,
                            T* dx, T* loss) {
  const Normaliser<T> row = from_exponentials(n, x, write, dx, [&](const Normaliser<T>& found) {
    const T scale = static_cast<T>(g / found.sum);
    const T share = static_cast<T>(smoothing * g / static_cast<double>(n));
    return [=](auto, Vector<T> e) { return e * scale - share; };
  });
  dx[label] -= static_cast<T>((1 - smoothing) * g);
  if (loss != nullptr) *loss = loss_of(n, x, row, label, smoothing);
}

template <typename T>
T soft_cross_entropy_row(std::size_t n, const T* x, const T* target) {
  const Normaliser<T> row = normaliser(n, x);
  const T top = row.top;
  const double log_sum = __builtin_log(row.sum);
  double totals[2];
  add_up<T>(n, totals, [&](auto at, Vector<T>* sums) {
    const Vector<T> t = at(target);
    sums[0] += t;
    sums[1] += t * (top - at(x, top));
  });
  return static_cast<T>(log_sum * totals[0] + totals[1]);
}

template <typename T>
void soft_cross_entropy_grad_row(std::size_t n, const T* x, const T* target, T g, Write write, T* dx) {
  double total[1];
  add_up<T>(n, total, [&](auto at, Vector<T>* sums) { sums[0] += at(target); });
  from_exponentials(n, x, write, dx, [&](const Normaliser<T>& row) {
    const T scale = static_cast<T>(g * (total[0] / row.sum));
    return [=](auto at, Vector<T> e) { return e * scale - at(target) * g; };
  });
}

}  // namespace
}  // namespace palimpsest
