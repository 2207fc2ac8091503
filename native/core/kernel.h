#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtype.h"
#include "pool.h"
#include "storage.h"

namespace palimpsest {

using Shape = std::vector<std::int64_t>;

std::string to_string(const Shape& shape);

// A contiguous row-major tensor as a kernel sees it. `data` may be null only when the tensor is empty.
struct View {
  DType dtype = DType::float32;
  Shape shape;
  std::byte* data = nullptr;
  std::int64_t size = 1;  // number of elements

  std::int64_t rank() const { return static_cast<std::int64_t>(shape.size()); }
  // The extent of one axis; negative axes count from the end.
  std::int64_t dim(std::int64_t axis) const { return shape[static_cast<std::size_t>(axis < 0 ? axis + rank() : axis)]; }

  // The elements as T; throws ERR_DTYPE when the tensor holds something else.
  template <typename T> T* as() const {
    if (DTypeOf<T>::value != dtype) {
      throw Error("ERR_DTYPE", std::string("expected ") + name_of(DTypeOf<T>::value) + ", got " + name_of(dtype));
    }
    return reinterpret_cast<T*>(data);
  }
};

// One instruction of a program at the moment it runs. Kernels check what they rely on (ranks, extents, attribute counts)
// before they touch memory: a program may come from anybody.
class Call {
 public:
  Call(std::string_view name, std::span<const View> inputs, std::span<const View> outputs,
       std::span<const double> attributes, const Workers& workers, Allocator& allocator)
      : workers(workers), name_(name), inputs_(inputs), outputs_(outputs), attributes_(attributes), allocator_(allocator) {}

  const Workers& workers;

  const View& input(std::size_t index) const;
  const View& output(std::size_t index) const;
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  std::span<const double> attributes() const { return attributes_; }
  // An attribute as it is, and one that must be an integer in [low, high].
  double attribute(std::size_t index) const;
  std::int64_t integer(std::size_t index, std::int64_t low, std::int64_t high) const;
  // Throws ERR_SHAPE with the kernel's name and all shapes unless the condition holds.
  void expect(bool condition, const char* what) const;
  void expect_counts(std::size_t inputs, std::size_t outputs) const;
  // Memory for this instruction only, from the engine's cache.
  StoragePtr scratch(std::size_t bytes) const { return allocator_.allocate(bytes); }

 private:
  std::string_view name_;
  std::span<const View> inputs_;
  std::span<const View> outputs_;
  std::span<const double> attributes_;
  Allocator& allocator_;
};

using Kernel = void (*)(const Call&);

struct KernelEntry {
  std::string_view name;
  Kernel run;
};

// The registry: filled by static objects while the addon loads, read-only ever after. A kernel's number is its place here.
const std::vector<KernelEntry>& kernels();

struct KernelRegistration {
  KernelRegistration(std::string_view name, Kernel run);
};

}  // namespace palimpsest

#define PALIMPSEST_JOIN_(a, b) a##b
#define PALIMPSEST_JOIN(a, b) PALIMPSEST_JOIN_(a, b)
// Registers a kernel under the name that the op's record in lib/ops uses.
#define PALIMPSEST_KERNEL(name, function) \
  static const ::palimpsest::KernelRegistration PALIMPSEST_JOIN(kernel_registration_, __COUNTER__)(name, function)
