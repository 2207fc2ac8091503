#pragma once

#include <cstdint>

namespace palimpsest {

// Floats of 16 bits as they are stored. Nothing is computed in them: they are widened to float first, which
// is exact, and results are rounded once, to the nearest and halves to even.
struct BFloat16 {
  std::uint16_t bits;
};
struct Float16 {
  std::uint16_t bits;
};

template <typename T>
constexpr bool is_half = __is_same(T, BFloat16) || __is_same(T, Float16);

// The conversions are written without branches where a compiler can vectorise them, and call nothing: files
// for newer instruction sets include them as well, each with copies of its own.

static inline float bfloat16_to_float(std::uint16_t bits) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits) << 16);
}

// NaN stays NaN: its upper bits are kept and it is made quiet, lest none of them were left.
static inline std::uint16_t bfloat16_from_float(float x) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const std::uint32_t quiet = (bits >> 16) | 0x40u;
  return static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

static inline float float16_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t magnitude = static_cast<std::uint32_t>(bits & 0x7fffu) << 13;
  const std::uint32_t exponent = magnitude & 0x0f800000u;
  // The exponent's bias changes from 15 to 127; all ones stay all ones.
  const std::uint32_t normal = magnitude + (112u << 23);
  const std::uint32_t quiet = (magnitude & 0x007fffffu) != 0 ? 0x00400000u : 0u;
  const std::uint32_t special = (magnitude + (224u << 23)) | quiet;
  // A subnormal is its mantissa times 2^-24: put beside 2^-14 and taken off again.
  const float small =
      __builtin_bit_cast(float, normal + (1u << 23)) - __builtin_bit_cast(float, 113u << 23);
  const std::uint32_t finite = exponent == 0 ? __builtin_bit_cast(std::uint32_t, small) : normal;
  return __builtin_bit_cast(float, sign | (exponent == 0x0f800000u ? special : finite));
}

static inline std::uint16_t float16_from_float(float x) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x);
  const std::uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  // From 2^16 on there is infinity only; what rounds up to it is reached by the carry below.
  const std::uint32_t payload = (magnitude >> 13) & 0x3ffu;
  const std::uint32_t special = magnitude > 0x7f800000u ? 0x7e00u | payload : 0x7c00u;
  // Below 2^-14: adding 1/2 leaves the multiples of 2^-24, rounded, in the last bits.
  const float shifted = __builtin_bit_cast(float, magnitude) + 0.5f;
  const std::uint32_t small = __builtin_bit_cast(std::uint32_t, shifted) - 0x3f000000u;
  const std::uint32_t normal = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  const std::uint32_t finite = magnitude < (113u << 23) ? small : normal;
  return static_cast<std::uint16_t>(sign | (magnitude >= (143u << 23) ? special : finite));
}

// The nearest float, but to the one with an odd last bit when it is not exact: rounding that once more to
// fewer bits gives what rounding the first number would have given.
static inline float float_rounded_to_odd(double x) {
  const float nearest = static_cast<float>(x);
  const double back = static_cast<double>(nearest);
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, nearest);
  const std::uint32_t toward_zero = bits - (__builtin_fabs(back) > __builtin_fabs(x) ? 1u : 0u);
  return __builtin_bit_cast(float, back != x ? toward_zero | 1u : bits);
}
static inline float float_rounded_to_odd(std::int64_t x) {
  const std::uint64_t magnitude = x < 0 ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
  // The last eleven bits matter only as being there or not; without them a double holds the number.
  const std::uint64_t sticky = (magnitude >> 11 << 11) | ((magnitude & 0x7ffu) != 0 ? 0x800u : 0u);
  const bool is_exact = magnitude < (std::uint64_t{1} << 53);
  const double exact = static_cast<double>(static_cast<std::int64_t>(magnitude & 0x1fffffffffffffu));
  const double large = static_cast<double>(static_cast<std::int64_t>(sticky >> 11)) * 2048.0;
  const double number = is_exact ? exact : large;
  return float_rounded_to_odd(x < 0 ? -number : number);
}

static inline float to_float(BFloat16 x) { return bfloat16_to_float(x.bits); }
static inline float to_float(Float16 x) { return float16_to_float(x.bits); }

}  // namespace palimpsest
