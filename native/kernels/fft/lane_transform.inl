// Included by one file per instruction set, with the precautions of lanes.h.
#include "kernels/lanes.h"
#include "lane_transform.h"

namespace palimpsest::fft {
namespace {

// The same element of several lines.
template <typename T>
struct Numbers {
  Vector<T> re, im;
};

template <typename T>
inline Numbers<T> operator+(const Numbers<T>& a, const Numbers<T>& b) {
  return {a.re + b.re, a.im + b.im};
}
template <typename T>
inline Numbers<T> operator-(const Numbers<T>& a, const Numbers<T>& b) {
  return {a.re - b.re, a.im - b.im};
}
template <typename T>
inline Numbers<T> times(const Numbers<T>& a, const T* w) {
  return {a.re * w[0] - a.im * w[1], a.re * w[1] + a.im * w[0]};
}
// i a, times a number
template <typename T>
inline Numbers<T> turned(const Numbers<T>& a, T by) {
  return {-a.im * by, a.re * by};
}

template <typename T>
inline void transform(Numbers<T> (&a)[2], const T*) {
  const Numbers<T> b = a[1];
  a[1] = a[0] - b;
  a[0] = a[0] + b;
}

template <typename T>
inline void transform(Numbers<T> (&a)[3], const T* roots) {
  const Numbers<T> sum = a[1] + a[2], half = {a[0].re + sum.re * roots[2], a[0].im + sum.im * roots[2]};
  const Numbers<T> side = turned(a[1] - a[2], roots[3]);
  a[0] = a[0] + sum;
  a[1] = half + side;
  a[2] = half - side;
}

template <typename T>
inline void transform(Numbers<T> (&a)[4], const T* roots) {
  const Numbers<T> even = a[0] + a[2], even_less = a[0] - a[2], odd = a[1] + a[3];
  const Numbers<T> odd_less = turned(a[1] - a[3], roots[3]);  // the root is i or -i
  a[0] = even + odd;
  a[1] = even_less + odd_less;
  a[2] = even - odd;
  a[3] = even_less - odd_less;
}

template <typename T>
inline void transform(Numbers<T> (&a)[5], const T* roots) {
  const T c1 = roots[2], s1 = roots[3], c2 = roots[4], s2 = roots[5];
  const Numbers<T> near = a[1] + a[4], far = a[2] + a[3], near_less = a[1] - a[4], far_less = a[2] - a[3];
  const Numbers<T> first = {a[0].re + near.re * c1 + far.re * c2, a[0].im + near.im * c1 + far.im * c2};
  const Numbers<T> second = {a[0].re + near.re * c2 + far.re * c1, a[0].im + near.im * c2 + far.im * c1};
  const Numbers<T> side = turned(near_less, s1) + turned(far_less, s2);
  const Numbers<T> other = turned(near_less, s2) - turned(far_less, s1);
  a[0] = a[0] + near + far;
  a[1] = first + side;
  a[2] = second + other;
  a[3] = second - other;
  a[4] = first - side;
}

constexpr std::size_t kElement = 128;  // bytes of one element of all lines

template <typename T>
inline Numbers<T> read(const T* x, std::size_t index, std::size_t part) {
  const T* const at = x + index * (kElement / sizeof(T)) + part * kLanes<T>;
  return {WholeVector{0}(at), WholeVector{kLines<T>}(at)};
}
template <typename T>
inline void write(T* y, std::size_t index, std::size_t part, const Numbers<T>& a) {
  T* const at = y + index * (kElement / sizeof(T)) + part * kLanes<T>;
  WholeVector{0}.put(at, a.re);
  WholeVector{kLines<T>}.put(at, a.im);
}

constexpr std::size_t kParts = 64 / kVectorBytes;

template <typename T, std::size_t kRadix>
void run_radix(const Stage<T>& stage, const T* x, T* y) {
  const std::size_t m = stage.m, s = stage.s;
  for (std::size_t p = 0; p < m; ++p) {
    const T* const turns = stage.turns + 2 * p * (kRadix - 1);
    for (std::size_t q = 0; q < s; ++q) {
      for (std::size_t part = 0; part < kParts; ++part) {
        Numbers<T> a[kRadix];
#pragma GCC unroll 5
        for (std::size_t j = 0; j < kRadix; ++j) a[j] = read(x, q + s * (p + j * m), part);
        transform(a, stage.roots);
        write(y, q + s * kRadix * p, part, a[0]);
#pragma GCC unroll 5
        for (std::size_t k = 1; k < kRadix; ++k) {
          write(y, q + s * (kRadix * p + k), part, times(a[k], turns + 2 * (k - 1)));
        }
      }
    }
  }
}

template <typename T>
void run_any_radix(const Stage<T>& stage, const T* x, T* y) {
  const std::size_t r = stage.radix, m = stage.m, s = stage.s;
  Numbers<T> a[kLargestRadix];
  for (std::size_t p = 0; p < m; ++p) {
    const T* const turns = stage.turns + 2 * p * (r - 1);
    for (std::size_t q = 0; q < s; ++q) {
      for (std::size_t part = 0; part < kParts; ++part) {
        for (std::size_t j = 0; j < r; ++j) a[j] = read(x, q + s * (p + j * m), part);
        for (std::size_t k = 0; k < r; ++k) {
          Numbers<T> sum = a[0];
          for (std::size_t j = 1; j < r; ++j) sum = sum + times(a[j], stage.roots + 2 * (j * k % r));
          write(y, q + s * (r * p + k), part, k == 0 ? sum : times(sum, turns + 2 * (k - 1)));
        }
      }
    }
  }
}

template <typename T>
void run_stage(const Stage<T>& stage, const T* x, T* y) {
  switch (stage.radix) {
    case 2:
      return run_radix<T, 2>(stage, x, y);
    case 3:
      return run_radix<T, 3>(stage, x, y);
    case 4:
      return run_radix<T, 4>(stage, x, y);
    case 5:
      return run_radix<T, 5>(stage, x, y);
    default:
      return run_any_radix<T>(stage, x, y);
  }
}

}  // namespace
}  // namespace palimpsest::fft
