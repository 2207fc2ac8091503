#pragma once

#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/elementwise/operations.h"
#include "tensors.h"

// Programs for the `fused` kernel.
namespace palimpsest::test {

inline double code_of(const std::string& name) {
  const auto names = elementwise_operations();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<double>(i);
  }
  throw std::runtime_error("no operation named " + name);
}

// The attributes of a `fused` program, step by step.
struct Chain {
  std::vector<double> steps;
  std::vector<double> outputs;

  Chain& step(const std::string& name, DType result, int a = -1, int b = -1, int c = -1,
              double immediate = 0) {
    const double row[] = {code_of(name), static_cast<double>(result), double(a), double(b), double(c),
                          immediate};
    steps.insert(steps.end(), std::begin(row), std::end(row));
    return *this;
  }
  Chain& out(int reg) {
    outputs.push_back(reg);
    return *this;
  }
  std::vector<double> attributes() const {
    std::vector<double> all{static_cast<double>(steps.size() / 6)};
    all.insert(all.end(), steps.begin(), steps.end());
    all.insert(all.end(), outputs.begin(), outputs.end());
    return all;
  }
};

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  std::vector<T> values(static_cast<std::size_t>(tensor.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = tensor.at<T>(static_cast<std::int64_t>(i));
  return values;
}

}  // namespace palimpsest::test
