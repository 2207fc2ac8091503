#pragma once

#include <cmath>
#include <string>

#include "check.h"
#include "product_reference.h"
#include "tensors.h"

// What every test of the product family does: random operands, one run for each number of threads, a
// comparison.
namespace palimpsest::test {

// Sums of at most a few thousand products of values in [-1, 1]: float32 keeps five digits of the largest.
constexpr double kFloatTolerance = 2e-5;
constexpr double kDoubleTolerance = 1e-12;

inline Values random_values(Index count, std::uint32_t seed) {
  Values values(static_cast<std::size_t>(count));
  std::uint32_t state = seed * 2654435761u + 12345u;
  for (double& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<double>(static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1.0f);
  }
  return values;
}

template <typename T>
Tensor tensor(const Shape& shape, const Values& values) {
  return Tensor(shape, std::vector<T>(values.begin(), values.end()));
}

// Runs the kernel with one and with two threads: the same bits, close to the reference.
template <typename T>
void check_kernel(const std::string& name, std::vector<Tensor> inputs, const Shape& shape,
                  const Values& attributes, const Values& expected, const std::string& what) {
  std::vector<Tensor*> pointers;
  for (Tensor& input : inputs) pointers.push_back(&input);
  Tensor one(DTypeOf<T>::value, shape), two(DTypeOf<T>::value, shape);
  run(name, pointers, {&one}, attributes, 1);
  run(name, pointers, {&two}, attributes, 2);
  check(one.bytes == two.bytes, what + ": other bits with two threads");
  check_equal(one.size(), static_cast<Index>(expected.size()), what + ": size");
  double scale = 1;
  for (const double value : expected) scale = std::max(scale, std::abs(value));
  const double tolerance = sizeof(T) == 4 ? kFloatTolerance : kDoubleTolerance;
  for (Index i = 0; i < one.size(); ++i) {
    const double difference = std::abs(one.at<T>(i) - expected[static_cast<std::size_t>(i)]);
    if (!(difference <= tolerance * scale)) {
      check_near(one.at<T>(i), expected[static_cast<std::size_t>(i)], tolerance,
                 what + ", " + to_string(shape) + " at " + std::to_string(i));
    }
  }
}

}  // namespace palimpsest::test
