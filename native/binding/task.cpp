#include "task.h"

#include <new>

namespace palimpsest::binding {

Napi::Error to_js_error(Napi::Env env, std::exception_ptr exception) {
  const auto make = [&](const char* code, const std::string& text) {
    Napi::Error error = Napi::Error::New(env, text);
    error.Set("code", Napi::String::New(env, code));
    return error;
  };
  try {
    std::rethrow_exception(exception);
  } catch (const Napi::Error& error) {
    return error;
  } catch (const Error& error) {
    return make(error.code, error.what());
  } catch (const std::bad_alloc&) {
    return make("ERR_OUT_OF_MEMORY", "the system refused memory");
  } catch (const std::exception& error) {
    return make("ERR_INTERNAL", error.what());
  } catch (...) {
    return make("ERR_INTERNAL", "an unknown native exception");
  }
}

void ProgressMessage::handle(Napi::Env env) {
  try {
    callback_->Call({Napi::Number::New(env, static_cast<double>(done_)),
                     Napi::Number::New(env, static_cast<double>(total_))});
  } catch (const Napi::Error& error) {
    // A throwing callback is the caller's bug: report it as Node reports any uncaught exception.
    napi_fatal_exception(env, error.Value());
  }
}

}  // namespace palimpsest::binding
