#include "handle.h"

#include <string>

#include "environment.h"
#include "memory.h"

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

// What is borrowed has an owner who told the collector of it.
std::size_t reported_bytes(const Storage& storage) {
  return storage.memory() == Memory::borrowed ? 0 : storage.origin().bytes();
}

void forget(Napi::Env env, BufferHandle& handle) {
  if (!handle.storage) return;
  Environment::of(env).live_handles -= 1;
  drop_holder(env, *handle.storage);
  handle.storage.reset();
}

}  // namespace

void add_holder(Napi::Env env, const Storage& storage) {
  Environment& environment = Environment::of(env);
  if (environment.holders_of[&storage.origin()]++ > 0) return;
  const std::size_t bytes = reported_bytes(storage);
  environment.handle_bytes += bytes;
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<std::int64_t>(bytes));
}

void drop_holder(Napi::Env env, const Storage& storage) {
  Environment& environment = Environment::of(env);
  const auto count = environment.holders_of.find(&storage.origin());
  if (--count->second > 0) return;
  environment.holders_of.erase(count);
  const std::size_t bytes = reported_bytes(storage);
  environment.handle_bytes -= bytes;
  Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<std::int64_t>(bytes));
}

Napi::Value wrap_buffer(Napi::Env env, StoragePtr storage) {
  Environment::of(env).live_handles += 1;
  add_holder(env, *storage);
  auto external = Napi::External<BufferHandle>::New(env, new BufferHandle{std::move(storage)},
                                                    [](Napi::Env env, BufferHandle* handle) {
                                                      forget(env, *handle);
                                                      delete handle;
                                                    });
  external.TypeTag(&kBufferTag);
  return external;
}

StoragePtr unwrap_buffer(Napi::Env env, const Napi::Value& value, const char* where) {
  BufferHandle* handle = unwrap<BufferHandle>(env, value, kBufferTag, where, "a buffer handle");
  if (!handle->storage) throw Error("ERR_DISPOSED", std::string(where) + ": the buffer was disposed");
  check_loan(env, *handle->storage, where);
  return handle->storage;
}

bool release_buffer(Napi::Env env, const Napi::Value& value) {
  BufferHandle* handle = unwrap<BufferHandle>(env, value, kBufferTag, "releaseBuffer", "a buffer handle");
  const bool live = handle->storage != nullptr;
  forget(env, *handle);
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
