#include "environment.h"

#include <cstdlib>

namespace palimpsest::binding {
namespace {

std::size_t default_threads() {
  if (const char* text = std::getenv("PALIMPSEST_THREADS")) {
    const long threads = std::strtol(text, nullptr, 10);
    if (threads >= 1 && threads <= 1024) return static_cast<std::size_t>(threads);
  }
  return hardware_threads();
}

}  // namespace

Environment::Environment(Napi::Env env) : executor(default_threads()), env_(env) {
  napi_value name;
  napi_create_string_utf8(env, "palimpsest", NAPI_AUTO_LENGTH, &name);
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                                             &Environment::deliver, &messages_);
  if (status != napi_ok) throw Napi::Error::New(env, "palimpsest: the message queue could not be created");
  napi_unref_threadsafe_function(env, messages_);
  // Hooks run last in, first out: the executor ends before Node-API closes the queue that its results go to.
  napi_add_env_cleanup_hook(env, &Environment::close, this);
}

Environment::~Environment() {
  executor.stop();
  // Node-API deletes what is left by itself, and may have done so already.
  for (auto& [number, buffer] : loans) buffer.SuppressDestruct();
}

void Environment::close(void* environment) {
  auto* self = static_cast<Environment*>(environment);
  self->executor.stop();
  *self->self = nullptr;
  napi_release_threadsafe_function(self->messages_, napi_tsfn_abort);
  self->messages_ = nullptr;
}

void Environment::post(std::unique_ptr<Message> message) {
  if (napi_call_threadsafe_function(messages_, message.get(), napi_tsfn_nonblocking) == napi_ok) message.release();
}

void Environment::deliver(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Message> message(static_cast<Message*>(data));
  if (env == nullptr) return;  // the environment is closing: nobody waits any more
  Napi::HandleScope scope(env);
  try {
    message->handle(env);
  } catch (const Napi::Error&) {
    // The environment runs no JavaScript any more, because its worker is being terminated: nobody waits.
  }
}

void Environment::task_started() {
  if (pending_tasks_++ == 0) napi_ref_threadsafe_function(env_, messages_);
}

void Environment::task_settled() {
  if (--pending_tasks_ == 0) napi_unref_threadsafe_function(env_, messages_);
}

}  // namespace palimpsest::binding
