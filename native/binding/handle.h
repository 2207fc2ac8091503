#pragma once

#include <napi.h>

#include <memory>

#include "../core/program.h"
#include "../core/storage.h"
#include "../io/safetensors.h"

namespace palimpsest::binding {

// What JavaScript holds is an external value with a type tag, so that no other object can pass for one of ours.

// A storage; null after `release`.
struct BufferHandle {
  StoragePtr storage;
};

Napi::Value wrap_buffer(Napi::Env env, StoragePtr storage);
// The storage behind a handle; throws ERR_HANDLE for anything else and ERR_DISPOSED after release.
StoragePtr unwrap_buffer(Napi::Env env, const Napi::Value& value, const char* where);
// Frees now what the finalizer would free later. Returns false when it was done already.
bool release_buffer(Napi::Env env, const Napi::Value& value);

// Whoever holds bytes for JavaScript, a handle or an array, says so: the collector is told of them once.
void add_holder(Napi::Env env, const Storage& storage);
void drop_holder(Napi::Env env, const Storage& storage);

Napi::Value wrap_program(Napi::Env env, std::shared_ptr<const Program> program);
std::shared_ptr<const Program> unwrap_program(Napi::Env env, const Napi::Value& value, const char* where);

Napi::Value wrap_cancel(Napi::Env env, std::shared_ptr<CancelFlag> flag);
std::shared_ptr<CancelFlag> unwrap_cancel(Napi::Env env, const Napi::Value& value, const char* where);

Napi::Value wrap_file(Napi::Env env, std::shared_ptr<SafetensorsFile> file);
std::shared_ptr<SafetensorsFile> unwrap_file(Napi::Env env, const Napi::Value& value, const char* where);

}  // namespace palimpsest::binding
