#pragma once

#include <napi.h>

#include <span>
#include <string>
#include <vector>

#include "handle.h"

namespace palimpsest::binding {

// Arguments of a call from JavaScript -> C++ values, or one thrown error. Every check on memory lives here.
class Decoder {
 public:
  Decoder(const Napi::CallbackInfo& info, const char* where) : info_(info), where_(where) {}

  // A copy of a Float64Array: what is checked must not be changed afterwards, as shared memory could be.
  std::vector<double> numbers(std::size_t index) const;
  // The bytes of any typed array or DataView, also over a SharedArrayBuffer, read at the moment of use: pointer, offset
  // and length never arrive apart. A view of a detached ArrayBuffer is refused, not taken for an empty one.
  std::span<std::byte> bytes(std::size_t index, Napi::Object* memory = nullptr) const;
  std::size_t size(std::size_t index, std::size_t low, std::size_t high) const;
  std::string text(std::size_t index) const;
  StoragePtr buffer(std::size_t index) const;
  std::vector<StoragePtr> buffers(std::size_t index) const;
  // A function, or undefined.
  Napi::Value optional_function(std::size_t index) const;
  std::shared_ptr<const Program> program(std::size_t index) const;
  std::shared_ptr<CancelFlag> cancel(std::size_t index) const;
  std::shared_ptr<SafetensorsFile> file(std::size_t index) const;
  Napi::Value value(std::size_t index) const { return info_[index]; }

 private:
  [[noreturn]] void fail(std::size_t index, const char* expected) const;

  const Napi::CallbackInfo& info_;
  const char* where_;
};

}  // namespace palimpsest::binding
