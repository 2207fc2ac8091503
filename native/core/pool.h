#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace palimpsest {

// Set from the main thread; looked at between instructions and between the pieces of a parallel loop.
using CancelFlag = std::atomic<bool>;

// A view of the process-wide worker threads for one task: how many may help, and whether to stop.
// The order of a sum never depends on the number of threads, so that results are the same bits for any number.
class Workers {
 public:
  Workers(std::size_t threads, const CancelFlag* cancelled) : threads_(threads), cancelled_(cancelled) {}

  // Runs body(index) for every index in [0, count), on up to `threads()` threads, the caller among them. Pieces start in order
  // of index. Throws ERR_ABORTED when the task was cancelled meanwhile (some pieces did not run), and whatever the first
  // failing body threw.
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) const;

  // The same for a range of elements cut in pieces of `grain`: body(begin, end).
  void parallel_range(std::size_t size, std::size_t grain,
                      const std::function<void(std::size_t, std::size_t)>& body) const;

  std::size_t threads() const { return threads_; }
  bool cancelled() const { return cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed); }

 private:
  std::size_t threads_;
  const CancelFlag* cancelled_;
};

// How many threads the machine offers this process.
std::size_t hardware_threads();

}  // namespace palimpsest
