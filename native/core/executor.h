#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "pool.h"

namespace palimpsest {

// One piece of work for the executor's thread. `work` may throw; `settled` is called once, with the exception or nullptr, on
// the executor's thread or on the one that cancels. A job that is still waiting when the executor stops is dropped without
// a word.
struct Job {
  std::function<void(const Workers&)> work;
  std::function<void(std::exception_ptr)> settled;
  std::shared_ptr<CancelFlag> cancelled = std::make_shared<CancelFlag>(false);
};

// Runs jobs one after the other on a thread of its own. Each JavaScript environment has one.
class Executor {
 public:
  explicit Executor(std::size_t threads) : threads_(threads) {}
  ~Executor() { stop(); }

  void submit(std::shared_ptr<Job> job);
  // Sets the flag. The job that it belongs to stops soon if it runs, and is settled now, on the calling thread, if it waits.
  void cancel(const std::shared_ptr<CancelFlag>& flag);
  // Cancels what runs, drops what waits, and returns when the thread has ended. Idempotent.
  void stop();

  void set_threads(std::size_t threads);
  std::size_t threads() const;

 private:
  void loop();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::shared_ptr<Job> running_;
  std::thread thread_;
  std::size_t threads_;
  bool stopping_ = false;
};

}  // namespace palimpsest
