#include "handle.h"

#include <string>

#include "environment.h"

namespace palimpsest::binding {
namespace {

constexpr napi_type_tag kBufferTag = {0x70616c696d707365ull, 0x7374206275666665ull};
constexpr napi_type_tag kProgramTag = {0x70616c696d707365ull, 0x73742070726f6772ull};
constexpr napi_type_tag kCancelTag = {0x70616c696d707365ull, 0x73742063616e6365ull};
constexpr napi_type_tag kFileTag = {0x70616c696d707365ull, 0x73742073616665ull};

template <typename T> Napi::Value wrap_shared(Napi::Env env, std::shared_ptr<T> value, const napi_type_tag& tag) {
  auto external = Napi::External<std::shared_ptr<T>>::New(
      env, new std::shared_ptr<T>(std::move(value)), [](Napi::Env, std::shared_ptr<T>* held) { delete held; });
  external.TypeTag(&tag);
  return external;
}

template <typename T>
T* unwrap(Napi::Env, const Napi::Value& value, const napi_type_tag& tag, const char* where, const char* expected) {
  if (!value.IsExternal() || !value.As<Napi::External<T>>().CheckTypeTag(&tag)) {
    throw Error("ERR_HANDLE", std::string(where) + ": expected " + expected);
  }
  return value.As<Napi::External<T>>().Data();
}

void count_bytes(Napi::Env env, const Storage& storage) {
  Environment& environment = Environment::of(env);
  const Storage& origin = storage.origin();
  environment.live_handles += 1;
  if (environment.handles_of[&origin]++ > 0) return;
  environment.handle_bytes += origin.bytes();
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<std::int64_t>(origin.bytes()));
}

void forget_bytes(Napi::Env env, BufferHandle& handle) {
  if (!handle.storage) return;
  Environment& environment = Environment::of(env);
  const Storage& origin = handle.storage->origin();
  environment.live_handles -= 1;
  const auto count = environment.handles_of.find(&origin);
  if (--count->second == 0) {
    environment.handles_of.erase(count);
    environment.handle_bytes -= origin.bytes();
    Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<std::int64_t>(origin.bytes()));
  }
  handle.storage.reset();
}

}  // namespace

Napi::Value wrap_buffer(Napi::Env env, StoragePtr storage) {
  count_bytes(env, *storage);
  auto external = Napi::External<BufferHandle>::New(env, new BufferHandle{std::move(storage)},
                                                    [](Napi::Env env, BufferHandle* handle) {
                                                      forget_bytes(env, *handle);
                                                      delete handle;
                                                    });
  external.TypeTag(&kBufferTag);
  return external;
}

StoragePtr unwrap_buffer(Napi::Env env, const Napi::Value& value, const char* where) {
  BufferHandle* handle = unwrap<BufferHandle>(env, value, kBufferTag, where, "a buffer handle");
  if (!handle->storage) throw Error("ERR_DISPOSED", std::string(where) + ": the buffer was disposed");
  return handle->storage;
}

bool release_buffer(Napi::Env env, const Napi::Value& value) {
  BufferHandle* handle = unwrap<BufferHandle>(env, value, kBufferTag, "releaseBuffer", "a buffer handle");
  const bool live = handle->storage != nullptr;
  forget_bytes(env, *handle);
  return live;
}

Napi::Value wrap_program(Napi::Env env, std::shared_ptr<const Program> program) {
  return wrap_shared(env, std::move(program), kProgramTag);
}

std::shared_ptr<const Program> unwrap_program(Napi::Env env, const Napi::Value& value, const char* where) {
  return *unwrap<std::shared_ptr<const Program>>(env, value, kProgramTag, where, "a program handle");
}

Napi::Value wrap_cancel(Napi::Env env, std::shared_ptr<CancelFlag> flag) {
  return wrap_shared(env, std::move(flag), kCancelTag);
}

std::shared_ptr<CancelFlag> unwrap_cancel(Napi::Env env, const Napi::Value& value, const char* where) {
  return *unwrap<std::shared_ptr<CancelFlag>>(env, value, kCancelTag, where, "a task handle");
}

Napi::Value wrap_file(Napi::Env env, std::shared_ptr<SafetensorsFile> file) {
  return wrap_shared(env, std::move(file), kFileTag);
}

std::shared_ptr<SafetensorsFile> unwrap_file(Napi::Env env, const Napi::Value& value, const char* where) {
  return *unwrap<std::shared_ptr<SafetensorsFile>>(env, value, kFileTag, where, "a file handle");
}

}  // namespace palimpsest::binding
