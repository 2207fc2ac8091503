#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "../core/executor.h"
#include "../core/storage.h"

namespace palimpsest::binding {

// Everything that one JavaScript environment (the main thread or a worker) owns of the engine.
class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  // Passes a message to `deliver` on the main thread; dropped when the environment is closing.
  void post(std::unique_ptr<class Message> message);

  // While a task is pending the event loop stays alive.
  void task_started();
  void task_settled();

  std::shared_ptr<Allocator> allocator = std::make_shared<Allocator>();
  Executor executor;
  std::size_t live_handles = 0;
  std::size_t handle_bytes = 0;
  // How many handles and arrays there are to each block of bytes: views count for no bytes of their own.
  std::unordered_map<const Storage*, std::size_t> holders_of;
  // The ArrayBuffers whose memory storages borrow, by the number of the loan.
  std::unordered_map<std::uint64_t, Napi::ObjectReference> loans;
  std::uint64_t next_loan = 1;
  // This environment, or null once it closes: for what outlives it.
  std::shared_ptr<Environment*> self = std::make_shared<Environment*>(this);

 private:
  static void deliver(napi_env env, napi_value callback, void* context, void* data);
  static void close(void* environment);

  napi_env env_;
  napi_threadsafe_function messages_ = nullptr;
  std::size_t pending_tasks_ = 0;
};

// Something that happened on the executor's thread and is to be handled on the main thread.
class Message {
 public:
  virtual ~Message() = default;
  virtual void handle(Napi::Env env) = 0;
};

}  // namespace palimpsest::binding
