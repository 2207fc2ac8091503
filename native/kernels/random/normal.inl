// Included by one file per instruction set, with the precautions of lanes.h: plain loops that the compiler
// turns into vector code. The build forbids it to contract here, so that every instruction set gives the same
// bits.
#include "normal.h"

namespace palimpsest {
namespace {

// Box-Muller on two words (a, b) of the stream: sqrt(-2 log u) * (cos t, sin t) with u = (a + 1) / 2^bits,
// which is in (0, 1], and t = 2 pi b / 2^bits. A word has 32 bits for float32; for float64 it has 64, of
// which u takes the upper 53. Logarithm, sine and cosine are series of our own in plain multiplications and
// additions, so that the values do not depend on the C library or the processor.

// The logarithm of a positive normal u = 2^e m with m in [sqrt(1/2), sqrt(2)): e log 2 + 2 atanh(s) with
// s = (m - 1) / (m + 1).
inline float natural_log(float u) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, u);
  const std::uint32_t shifted = bits - 0x3F3504F3u;  // minus sqrt(1/2): the exponent counts from there
  const float exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float m = __builtin_bit_cast(float, (shifted & 0x007FFFFFu) + 0x3F3504F3u);
  const float s = (m - 1) / (m + 1);
  const float q = s * s;  // at most 0.0295: the next term of the series is below 2e-9
  const float tail = q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * (1.0f / 9))));
  return exponent * 0.693147180559945309f + 2 * (s + s * tail);
}

inline double natural_log(double u) {
  constexpr std::uint64_t kRootHalf = 0x3FE6A09E667F3BCDull;
  const std::uint64_t shifted = __builtin_bit_cast(std::uint64_t, u) - kRootHalf;
  const double exponent = static_cast<double>(static_cast<std::int64_t>(shifted) >> 52);
  const double m = __builtin_bit_cast(double, (shifted & 0x000FFFFFFFFFFFFFull) + kRootHalf);
  const double s = (m - 1) / (m + 1);
  const double q = s * s;
  double tail = 0;  // terms down to q^11 / 23 < 1e-18
  for (int k = 23; k >= 3; k -= 2) tail = q * (1.0 / k + tail);
  return exponent * 0.693147180559945309417 + 2 * (s + s * tail);
}

template <typename T>
struct Angle {
  T cosine;
  T sine;
};

// Cosine and sine of x in [-pi/4, pi/4], by their Taylor series.
template <typename T>
Angle<T> angle_of(T x) {
  constexpr int kTerms = sizeof(T) == 4 ? 5 : 9;  // (pi/4)^10 / 10! = 2e-8, (pi/4)^18 / 18! = 2e-18
  const T q = x * x;
  T cosine = 1, sine = 1;
  for (int k = kTerms; k >= 1; --k) {
    cosine = 1 - q * cosine * (T(1) / static_cast<T>((2 * k - 1) * (2 * k)));
    sine = 1 - q * sine * (T(1) / static_cast<T>((2 * k) * (2 * k + 1)));
  }
  return {cosine, x * sine};
}

// Turns the angle by `quadrant` right angles.
template <typename T>
Angle<T> turned(Angle<T> angle, std::uint32_t quadrant) {
  const bool swaps = (quadrant & 1) != 0;
  const T c = swaps ? angle.sine : angle.cosine;
  const T s = swaps ? angle.cosine : angle.sine;
  const bool cosine_negative = ((quadrant + 1) & 2) != 0;
  const bool sine_negative = (quadrant & 2) != 0;
  return {cosine_negative ? -c : c, sine_negative ? -s : s};
}

inline float root_of(float x) { return __builtin_sqrtf(x); }
inline double root_of(double x) { return __builtin_sqrt(x); }

// `pairs` pairs of normal variates from 2 * pairs words.
void box_muller(const std::uint32_t* __restrict words, std::size_t pairs, float* __restrict out) {
  for (std::size_t j = 0; j < pairs; ++j) {
    // (a + 1) / 2^32, added as floats: a + 1 would wrap for the last word.
    const std::int32_t low = static_cast<std::int32_t>(words[2 * j] & 0xFFFF);
    const std::int32_t high = static_cast<std::int32_t>(words[2 * j] >> 16);
    const float u = (static_cast<float>(high) * 65536.0f + static_cast<float>(low + 1)) * 0x1p-32f;
    const float radius = root_of(-2 * natural_log(u));
    const std::uint32_t quadrant = (words[2 * j + 1] + 0x20000000u) >> 30;
    const std::int32_t rest = static_cast<std::int32_t>(words[2 * j + 1] - (quadrant << 30));
    const float x = static_cast<float>(rest) * (6.28318530717958648f * 0x1p-32f);
    const Angle<float> angle = turned(angle_of(x), quadrant);
    out[2 * j] = radius * angle.cosine;
    out[2 * j + 1] = radius * angle.sine;
  }
}

void box_muller(const std::uint32_t* __restrict words, std::size_t pairs, double* __restrict out) {
  for (std::size_t j = 0; j < pairs; ++j) {
    const std::uint64_t a = words[4 * j] | static_cast<std::uint64_t>(words[4 * j + 1]) << 32;
    const std::uint64_t b = words[4 * j + 2] | static_cast<std::uint64_t>(words[4 * j + 3]) << 32;
    const double u = (static_cast<double>(a >> 11) + 1) * 0x1p-53;
    const double radius = root_of(-2 * natural_log(u));
    const std::uint64_t quadrant = (b + 0x2000000000000000ull) >> 62;
    const std::int64_t rest = static_cast<std::int64_t>(b - (quadrant << 62));
    const double x = static_cast<double>(rest) * (6.28318530717958647692 * 0x1p-64);
    const Angle<double> angle = turned(angle_of(x), static_cast<std::uint32_t>(quadrant));
    out[2 * j] = radius * angle.cosine;
    out[2 * j + 1] = radius * angle.sine;
  }
}

constexpr NormalLoops kNormalLoops = {box_muller, box_muller};

}  // namespace
}  // namespace palimpsest
