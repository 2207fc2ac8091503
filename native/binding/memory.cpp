#include "memory.h"

#include <memory>
#include <string>

#include "../core/error.h"
#include "environment.h"
#include "handle.h"

namespace palimpsest::binding {
namespace {

// References die on the main thread, storages anywhere.
class EndOfLoan : public Message {
 public:
  explicit EndOfLoan(std::uint64_t number) : number_(number) {}
  void handle(Napi::Env env) override { Environment::of(env).loans.erase(number_); }

 private:
  std::uint64_t number_;
};

bool is_detached(Napi::Env env, napi_value buffer) {
  bool detached = false;
  return napi_is_detached_arraybuffer(env, buffer, &detached) != napi_ok || detached;
}

}  // namespace

StoragePtr borrow(Napi::Env env, const Napi::Object& buffer, std::span<std::byte> bytes, const char* where) {
  if (buffer.Get("resizable").ToBoolean()) {
    throw Error("ERR_BUFFER",
                std::string(where) + ": the ArrayBuffer can be resized; its memory might go while in use");
  }
  Environment& environment = Environment::of(env);
  const std::uint64_t number = environment.next_loan++;
  const auto give_back = [self = environment.self, number](Storage&) {
    if (Environment* lender = *self) lender->post(std::make_unique<EndOfLoan>(number));
  };
  auto storage = std::make_shared<Storage>(bytes.data(), bytes.size(), give_back, Memory::borrowed, number);
  environment.loans.emplace(number, Napi::Persistent(buffer));
  return storage;
}

void check_loan(Napi::Env env, const Storage& storage, const char* where) {
  if (storage.memory() != Memory::borrowed) return;
  const auto& loans = Environment::of(env).loans;
  const auto loan = loans.find(storage.origin().loan());
  if (loan == loans.end() || is_detached(env, loan->second.Value())) {
    throw Error("ERR_BUFFER", std::string(where) + ": the ArrayBuffer that was borrowed is detached");
  }
}

Napi::Value array_over(Napi::Env env, StoragePtr storage) {
  if (storage->memory() != Memory::allocated || storage->bytes() == 0) return env.Undefined();
  const auto bytes = static_cast<std::int64_t>(storage->bytes());
  auto* held = new StoragePtr(std::move(storage));
  const auto finalize = [](napi_env env, void*, void* hint) {
    const std::unique_ptr<StoragePtr> held(static_cast<StoragePtr*>(hint));
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<std::int64_t>((*held)->bytes()));
    drop_holder(env, **held);
  };
  napi_value array = nullptr;
  std::byte* const data = (*held)->data();
  if (napi_create_external_arraybuffer(env, data, (*held)->bytes(), finalize, held, &array) != napi_ok) {
    delete held;
    return env.Undefined();
  }
  add_holder(env, **held);
  // The collector learns of an ArrayBuffer's bytes by itself: told of once, by whoever holds them.
  Napi::MemoryManagement::AdjustExternalMemory(env, -bytes);
  return Napi::Value(env, array);
}

}  // namespace palimpsest::binding
