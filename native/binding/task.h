#pragma once

#include <napi.h>

#include <functional>

#include "../core/executor.h"

namespace palimpsest::binding {

// Reports progress from the executor's thread; at most ten times a second reach JavaScript.
using ReportProgress = std::function<void(std::size_t done, std::size_t total)>;

// Runs `work` on the executor's thread and settles a promise with what `wrap` makes of its result on the main thread.
// `work` owns C++ copies of all it needs: no JavaScript value leaves the main thread.
template <typename Result> struct Task {
  std::function<Result(const Workers&, const ReportProgress&)> work;
  std::function<Napi::Value(Napi::Env, Result&)> wrap;
};

// Returns `{ promise, task }`; `task` is what `cancel` takes. `progress` is a function or undefined.
template <typename Result> Napi::Value start(Napi::Env env, Task<Result> task, const Napi::Value& progress);

// The JavaScript error for a C++ exception: text and `code`, which lib/native.ts turns into our own classes.
Napi::Error to_js_error(Napi::Env env, std::exception_ptr exception);

}  // namespace palimpsest::binding

#include "task.inl.h"
