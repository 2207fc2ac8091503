#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/kernel.h"

// Tensors and calls for kernel tests.
namespace palimpsest::test {

// A tensor that owns its bytes.
struct Tensor {
  DType dtype;
  Shape shape;
  std::vector<std::byte> bytes;

  Tensor(DType dtype, Shape shape) : dtype(dtype), shape(std::move(shape)) {
    // Filled with a pattern: kernels get uninitialised memory.
    bytes.assign(static_cast<std::size_t>(size()) * size_of(dtype), std::byte{0xA5});
  }
  template <typename T>
  Tensor(Shape shape, const std::vector<T>& values) : Tensor(DTypeOf<T>::value, std::move(shape)) {
    if (!bytes.empty())
      std::memcpy(bytes.data(), values.data(), std::min(bytes.size(), values.size() * sizeof(T)));
  }

  std::int64_t size() const {
    std::int64_t product = 1;
    for (const std::int64_t extent : shape) product *= extent;
    return product;
  }
  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(bytes.data());
  }
  template <typename T>
  T at(std::int64_t i) const {
    return reinterpret_cast<const T*>(bytes.data())[i];
  }
  View view() { return {dtype, shape, bytes.empty() ? nullptr : bytes.data(), size()}; }
};

// Runs the kernel of this name; its outputs must be allocated.
inline void run(std::string_view name, std::vector<Tensor*> inputs, std::vector<Tensor*> outputs,
                std::vector<double> attributes = {}, std::size_t threads = 2) {
  const auto entry =
      std::find_if(kernels().begin(), kernels().end(), [&](const auto& k) { return k.name == name; });
  if (entry == kernels().end()) throw Error("ERR_INTERNAL", "no kernel named " + std::string(name));
  std::vector<View> ins, outs;
  for (Tensor* tensor : inputs) ins.push_back(tensor->view());
  for (Tensor* tensor : outputs) outs.push_back(tensor->view());
  const auto allocator = std::make_shared<Allocator>();
  const CancelFlag cancelled{false};
  const Workers workers(threads, &cancelled);
  entry->run(Call(name, ins, outs, attributes, workers, *allocator));
}

}  // namespace palimpsest::test
