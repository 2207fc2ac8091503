#pragma once

#include <napi.h>

#include <cstddef>
#include <span>

#include "../core/storage.h"

namespace palimpsest::binding {

// Memory that JavaScript and the engine both see, without a copy.

// A storage over the memory of an ArrayBuffer or SharedArrayBuffer, which stays alive as long as the storage.
// Throws ERR_BUFFER for a resizable one.
StoragePtr borrow(Napi::Env env, const Napi::Object& buffer, std::span<std::byte> bytes, const char* where);

// Throws ERR_BUFFER when the storage borrows from an ArrayBuffer that was detached since.
void check_loan(Napi::Env env, const Storage& storage, const char* where);

// An ArrayBuffer over the bytes of a storage, which it keeps alive; undefined where there cannot be one:
// for memory that is not the allocator's, and on platforms that keep all ArrayBuffers to themselves.
Napi::Value array_over(Napi::Env env, StoragePtr storage);

}  // namespace palimpsest::binding
