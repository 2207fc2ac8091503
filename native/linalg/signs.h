#pragma once

#include <cmath>
#include <cstddef>

namespace palimpsest {

// Vectors that are determined up to their sign get the one that makes their largest component positive, the
// first of equals.

template <typename T>
T sign_of_largest(const T* x, std::size_t n, std::size_t stride) {
  T largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::abs(x[i * stride]) > std::abs(largest)) largest = x[i * stride];
  }
  return largest < 0 ? T{-1} : T{1};
}

template <typename T>
void scale_vector(T* x, std::size_t n, std::size_t stride, T factor) {
  for (std::size_t i = 0; i < n; ++i) x[i * stride] *= factor;
}

}  // namespace palimpsest
