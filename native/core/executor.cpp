#include "executor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "error.h"

namespace palimpsest {

void Executor::submit(std::shared_ptr<Job> job) {
  std::lock_guard lock(mutex_);
  if (stopping_) throw Error("ERR_CLOSED", "the engine of this environment has ended");
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  waiting_.push_back(std::move(job));
  wake_.notify_one();
}

void Executor::cancel(const std::shared_ptr<CancelFlag>& flag) {
  flag->store(true);
  std::shared_ptr<Job> job;
  {
    std::lock_guard lock(mutex_);
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const std::shared_ptr<Job>& waiting) { return waiting->cancelled == flag; });
    if (found == waiting_.end()) return;
    job = std::move(*found);
    waiting_.erase(found);
  }
  job->settled(std::make_exception_ptr(Error("ERR_ABORTED", "the evaluation was aborted before it began")));
}

void Executor::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    if (running_) running_->cancelled->store(true);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  running_.reset();
}

void Executor::set_threads(std::size_t threads) {
  std::lock_guard lock(mutex_);
  threads_ = threads;
}

std::size_t Executor::threads() const {
  std::lock_guard lock(mutex_);
  return threads_;
}

void Executor::loop() {
  for (;;) {
    std::shared_ptr<Job> job;
    std::size_t threads;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = running_ = std::move(waiting_.front());
      waiting_.pop_front();
      threads = threads_;
    }
    std::exception_ptr error;
    try {
      const Workers workers(threads, job->cancelled.get());
      if (workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted before it began");
      job->work(workers);
    } catch (...) {
      error = std::current_exception();
    }
    {
      std::lock_guard lock(mutex_);
      // What a job holds may have to die on the thread that submitted it: when stopping, `stop` lets go of it there.
      if (stopping_) return;
      running_.reset();
    }
    job->work = nullptr;
    job->settled(std::move(error));
  }
}

}  // namespace palimpsest
