#include "decode.h"

#include <cmath>
#include <cstring>

namespace palimpsest::binding {
namespace {

constexpr std::size_t kMaxInputs = 1u << 20;

const char* kind_of(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_external: return "a handle";
    case napi_bigint: return "a bigint";
    default: return "an object of another kind";
  }
}

}  // namespace

void Decoder::fail(std::size_t index, const char* expected) const {
  throw Error("ERR_ARGUMENT", std::string(where_) + ": argument " + std::to_string(index) + " must be " + expected +
                                  ", got " + kind_of(info_[index]));
}

std::vector<double> Decoder::numbers(std::size_t index) const {
  const Napi::Value value = info_[index];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    fail(index, "a Float64Array");
  }
  const auto block = bytes(index);
  std::vector<double> numbers(block.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), block.data(), block.size());
  return numbers;
}

std::span<std::byte> Decoder::bytes(std::size_t index, Napi::Object* owner) const {
  const Napi::Value value = info_[index];
  void* data = nullptr;
  std::size_t length = 0;
  napi_value memory = nullptr;
  if (value.IsTypedArray()) {
    napi_typedarray_type type;
    if (napi_get_typedarray_info(info_.Env(), value, &type, &length, &data, &memory, nullptr) != napi_ok) {
      fail(index, "a typed array");
    }
    length *= value.As<Napi::TypedArray>().ElementSize();
  } else if (value.IsDataView()) {
    if (napi_get_dataview_info(info_.Env(), value, &length, &data, &memory, nullptr) != napi_ok) {
      fail(index, "a data view");
    }
  } else {
    fail(index, "a typed array");
  }
  bool is_detached = false;
  if (napi_is_detached_arraybuffer(info_.Env(), memory, &is_detached) != napi_ok || is_detached) {
    throw Error("ERR_BUFFER", std::string(where_) + ": argument " + std::to_string(index) +
                                  " is a view of an ArrayBuffer that was detached");
  }
  if (owner != nullptr) *owner = Napi::Object(info_.Env(), memory);
  return {static_cast<std::byte*>(data), length};
}

std::size_t Decoder::size(std::size_t index, std::size_t low, std::size_t high) const {
  const Napi::Value value = info_[index];
  if (!value.IsNumber()) fail(index, "a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high)) || number != std::floor(number)) {
    throw Error("ERR_ARGUMENT", std::string(where_) + ": argument " + std::to_string(index) +
                                    " must be an integer from " + std::to_string(low) + " to " + std::to_string(high) +
                                    ", got " + std::to_string(number));
  }
  return static_cast<std::size_t>(number);
}

std::string Decoder::text(std::size_t index) const {
  const Napi::Value value = info_[index];
  if (!value.IsString()) fail(index, "a string");
  return value.As<Napi::String>().Utf8Value();
}

StoragePtr Decoder::buffer(std::size_t index) const { return unwrap_buffer(info_.Env(), info_[index], where_); }

std::vector<StoragePtr> Decoder::buffers(std::size_t index) const {
  const Napi::Value value = info_[index];
  if (!value.IsArray()) fail(index, "an array of buffer handles");
  const auto array = value.As<Napi::Array>();
  if (array.Length() > kMaxInputs) fail(index, "an array of at most a million handles");
  std::vector<StoragePtr> storages;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    Napi::HandleScope scope(info_.Env());
    storages.push_back(unwrap_buffer(info_.Env(), array.Get(i), where_));
  }
  return storages;
}

Napi::Value Decoder::optional_function(std::size_t index) const {
  const Napi::Value value = info_[index];
  if (!value.IsUndefined() && !value.IsFunction()) fail(index, "a function or undefined");
  return value;
}

std::shared_ptr<const Program> Decoder::program(std::size_t index) const {
  return unwrap_program(info_.Env(), info_[index], where_);
}

std::shared_ptr<CancelFlag> Decoder::cancel(std::size_t index) const {
  return unwrap_cancel(info_.Env(), info_[index], where_);
}

std::shared_ptr<SafetensorsFile> Decoder::file(std::size_t index) const {
  return unwrap_file(info_.Env(), info_[index], where_);
}

}  // namespace palimpsest::binding
