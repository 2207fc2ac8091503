#pragma once

// Sines in single precision; see doubles_trig.h. Largest errors found, in units of the last place: 1.

#include "../float_math.h"

namespace palimpsest {
namespace {
namespace single {

// Up to here multiples of pi/2 are taken out exactly enough; beyond, the C library is asked.
constexpr float kLargestAngle = 65536.0f;

// x = n pi/2 + r with |r| <= pi/4.
struct Angle {
  std::uint32_t quadrant;
  float r;

  explicit Angle(float x) {
    constexpr float kShift = 0x1.8p23f;
    const float shifted = fma(x, 0x1.45f306p-1f, kShift);
    const float n = shifted - kShift;
    quadrant = bits_of(shifted);
    r = fma(n, 0x1.ee59dap-50f, fma(n, 0x1.777a5cp-25f, fma(n, -0x1.921fb6p+0f, x)));
  }
};

inline float sin_of(float r) {
  const float z = r * r;
  return fma(r * z, polynomial(z, -0x1.555546p-3f, 0x1.110760p-7f, -0x1.994e6ep-13f), r);
}

inline float cos_of(float r) {
  const float z = r * r, half = 0.5f * z, w = 1.0f - half;
  const float c = polynomial(z, 0x1.55554ap-5f, -0x1.6c0c9ap-10f, 0x1.9a05bcp-16f);
  return w + fma(z * z, c, (1.0f - w) - half);
}

// The sine of `quadrant` right angles plus r.
inline float turned(std::uint32_t quadrant, float r) {
  const float s = sin_of(r), c = cos_of(r);
  const float y = (quadrant & 1) != 0 ? c : s;
  return from_bits(bits_of(y) ^ ((quadrant & 2) << 30));
}

inline float sin(float x) {
  const Angle a(x);
  return x == 0.0f ? x : turned(a.quadrant, a.r);
}
inline float cos(float x) {
  const Angle a(x);
  return turned(a.quadrant + 1, a.r);
}

}  // namespace single
}  // namespace
}  // namespace palimpsest
