#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "environment.h"
#include "handle.h"

namespace palimpsest::binding {

class ProgressMessage : public Message {
 public:
  ProgressMessage(std::shared_ptr<Napi::FunctionReference> callback, std::size_t done, std::size_t total)
      : callback_(std::move(callback)), done_(done), total_(total) {}
  void handle(Napi::Env env) override;

 private:
  std::shared_ptr<Napi::FunctionReference> callback_;
  std::size_t done_, total_;
};

// What the main thread needs to settle the promise. The last owner is always the main thread's message.
template <typename Result> struct Settlement {
  explicit Settlement(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise::Deferred deferred;
  std::function<Napi::Value(Napi::Env, Result&)> wrap;
  std::optional<Result> result;
};

template <typename Result> class SettledMessage : public Message {
 public:
  SettledMessage(std::shared_ptr<Settlement<Result>> settlement, std::exception_ptr error)
      : settlement_(std::move(settlement)), error_(std::move(error)) {}

  void handle(Napi::Env env) override {
    Environment::of(env).task_settled();
    try {
      if (error_) std::rethrow_exception(error_);
      settlement_->deferred.Resolve(settlement_->wrap(env, *settlement_->result));
    } catch (...) {
      settlement_->deferred.Reject(to_js_error(env, std::current_exception()).Value());
    }
  }

 private:
  std::shared_ptr<Settlement<Result>> settlement_;
  std::exception_ptr error_;
};

template <typename Result> Napi::Value start(Napi::Env env, Task<Result> task, const Napi::Value& progress) {
  using Clock = std::chrono::steady_clock;
  static constexpr auto kInterval = std::chrono::milliseconds(100);

  Environment& environment = Environment::of(env);
  auto settlement = std::make_shared<Settlement<Result>>(env);
  settlement->wrap = std::move(task.wrap);
  ReportProgress report;
  if (progress.IsFunction()) {
    // The reference must die on the main thread: every message holds it, the settling one last.
    auto callback = std::make_shared<Napi::FunctionReference>(Napi::Persistent(progress.As<Napi::Function>()));
    auto wrap = std::move(settlement->wrap);
    settlement->wrap = [callback, wrap](Napi::Env env, Result& result) { return wrap(env, result); };
    report = [&environment, weak = std::weak_ptr(callback), next = Clock::now() + kInterval](
                 std::size_t done, std::size_t total) mutable {
      const auto now = Clock::now();
      if (now < next) return;
      next = now + kInterval;
      environment.post(std::make_unique<ProgressMessage>(weak.lock(), done, total));
    };
  }

  auto job = std::make_shared<Job>();
  job->work = [settlement, work = std::move(task.work), report](const Workers& workers) {
    settlement->result.emplace(work(workers, report));
  };
  job->settled = [&environment, settlement](std::exception_ptr error) mutable {
    environment.post(std::make_unique<SettledMessage<Result>>(std::move(settlement), std::move(error)));
  };
  auto answer = Napi::Object::New(env);
  answer.Set("promise", settlement->deferred.Promise());
  answer.Set("task", wrap_cancel(env, job->cancelled));
  environment.executor.submit(std::move(job));
  environment.task_started();
  return answer;
}

}  // namespace palimpsest::binding
