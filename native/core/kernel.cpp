#include "kernel.h"

#include <cmath>

namespace palimpsest {
namespace {

// Never destroyed: a process may exit while its threads still run programs.
std::vector<KernelEntry>& registry() {
  static auto* entries = new std::vector<KernelEntry>();
  return *entries;
}

std::string describe(std::span<const View> views) {
  std::string text;
  for (const View& view : views) {
    if (!text.empty()) text += ", ";
    text += std::string(name_of(view.dtype)) + " " + to_string(view.shape);
  }
  return text;
}

}  // namespace

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

const std::vector<KernelEntry>& kernels() { return registry(); }

KernelRegistration::KernelRegistration(std::string_view name, Kernel run) { registry().push_back({name, run}); }

const View& Call::input(std::size_t index) const {
  expect(index < inputs_.size(), "more inputs expected");
  return inputs_[index];
}

const View& Call::output(std::size_t index) const {
  expect(index < outputs_.size(), "more outputs expected");
  return outputs_[index];
}

double Call::attribute(std::size_t index) const {
  expect(index < attributes_.size(), "more attributes expected");
  return attributes_[index];
}

std::int64_t Call::integer(std::size_t index, std::int64_t low, std::int64_t high) const {
  const double value = attribute(index);
  if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value)) {
    throw Error("ERR_VALUE", std::string(name_) + ": attribute " + std::to_string(index) + " is " + std::to_string(value) +
                                 ", expected an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<std::int64_t>(value);
}

void Call::expect(bool condition, const char* what) const {
  if (condition) return;
  throw Error("ERR_SHAPE", std::string(name_) + ": " + what + "; inputs " + describe(inputs_) + "; outputs " +
                               describe(outputs_));
}

void Call::expect_counts(std::size_t inputs, std::size_t outputs) const {
  expect(inputs_.size() == inputs && outputs_.size() == outputs, "wrong number of inputs or outputs");
}

}  // namespace palimpsest
