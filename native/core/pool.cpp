#include "pool.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "error.h"

namespace palimpsest {
namespace {

// One parallel loop in flight. Threads take the next index until none is left, one has failed, or the task is cancelled.
struct Loop {
  Loop(std::size_t count, const std::function<void(std::size_t)>& body, const Workers& workers)
      : count(count), body(body), workers(workers) {}

  void work() {
    for (;;) {
      const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) return;
      if (failed.load(std::memory_order_relaxed) || workers.cancelled()) return;
      try {
        body(index);
      } catch (...) {
        std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
        failed.store(true, std::memory_order_relaxed);
      }
    }
  }

  const std::size_t count;
  const std::function<void(std::size_t)>& body;
  const Workers& workers;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::size_t helpers_wanted = 0;   // guarded by the pool's mutex
  std::size_t helpers_running = 0;  // guarded by the pool's mutex
  std::mutex error_mutex;
  std::exception_ptr error;
};

// Helper threads shared by every engine of the process. They sleep when there is nothing to do: users' machines have other
// work, and a spinning helper takes it a core. The pool is never destroyed, because threads of a dying process must not be joined.
class Pool {
 public:
  static Pool& instance() {
    static Pool* pool = new Pool();
    return *pool;
  }

  void run(Loop& loop, std::size_t helpers) {
    {
      std::lock_guard lock(mutex_);
      grow(helpers);
      loop.helpers_wanted = helpers;
      loops_.push_back(&loop);
    }
    for (std::size_t i = 0; i < helpers; ++i) wake_.notify_one();
    loop.work();
    std::unique_lock lock(mutex_);
    loops_.erase(std::remove(loops_.begin(), loops_.end(), &loop), loops_.end());
    done_.wait(lock, [&] { return loop.helpers_running == 0; });
  }

 private:
  // When the system gives no more threads, loops do with those there are: the caller works in any case.
  void grow(std::size_t helpers) {
    try {
      while (threads_ < helpers) {
        std::thread([this] { help(); }).detach();
        ++threads_;
      }
    } catch (const std::system_error&) {
    }
  }

  void help() {
    std::unique_lock lock(mutex_);
    for (;;) {
      Loop* loop = nullptr;
      for (Loop* candidate : loops_) {
        if (candidate->helpers_wanted > 0) {
          loop = candidate;
          break;
        }
      }
      if (loop == nullptr) {
        wake_.wait(lock);
        continue;
      }
      --loop->helpers_wanted;
      ++loop->helpers_running;
      lock.unlock();
      loop->work();
      lock.lock();
      if (--loop->helpers_running == 0) done_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::deque<Loop*> loops_;
  std::size_t threads_ = 0;
};

}  // namespace

void Workers::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) const {
  Loop loop(count, body, *this);
  const std::size_t helpers = std::min(threads_, count) - (count > 0 ? 1 : 0);
  if (helpers == 0) {
    loop.work();
  } else {
    Pool::instance().run(loop, helpers);
  }
  if (loop.error) std::rethrow_exception(loop.error);
  if (cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
}

void Workers::parallel_range(std::size_t size, std::size_t grain,
                             const std::function<void(std::size_t, std::size_t)>& body) const {
  const std::size_t pieces = (size + grain - 1) / grain;
  parallel_for(pieces, [&](std::size_t piece) { body(piece * grain, std::min(size, (piece + 1) * grain)); });
}

std::size_t hardware_threads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace palimpsest
