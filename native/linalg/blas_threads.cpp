#include "blas_threads.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include "core/error.h"

extern "C" void openblas_set_num_threads(int count) __attribute__((weak));

namespace palimpsest {
namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t singles = 0;
  bool is_taken = false;  // by one that uses all threads

  // Never destroyed: a process may exit while its threads still compute.
  static Gate& instance() {
    static Gate* gate = new Gate();
    return *gate;
  }
};

// Another LAPACK routine, should the build have been told to use one, keeps the number it has.
void set_count(int count) {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(count);
}

}  // namespace

int blas_thread_count() {
  static const int count = [] {
    constexpr int kMost = 64;  // what distributions build OpenBLAS for, at the least
    const char* asked = std::getenv("PALIMPSEST_THREADS");
    const int number = asked != nullptr ? std::atoi(asked) : 0;
    return std::clamp(number > 0 ? number : static_cast<int>(hardware_threads()), 1, kMost);
  }();
  return count;
}

BlasThreads::BlasThreads(Mode mode, const Workers& workers) : mode_(mode) {
  constexpr auto kLook = std::chrono::milliseconds(10);
  Gate& gate = Gate::instance();
  const auto is_free = [&] { return !gate.is_taken && (mode == Mode::single || gate.singles == 0); };
  std::unique_lock lock(gate.mutex);
  while (!gate.changed.wait_for(lock, kLook, is_free)) {
    if (workers.cancelled()) throw Error("ERR_ABORTED", "the evaluation was aborted");
  }
  if (mode == Mode::all) {
    gate.is_taken = true;
    set_count(blas_thread_count());
  } else if (gate.singles++ == 0) {
    set_count(1);
  }
}

BlasThreads::~BlasThreads() {
  Gate& gate = Gate::instance();
  std::lock_guard lock(gate.mutex);
  if (mode_ == Mode::all) {
    gate.is_taken = false;
  } else {
    --gate.singles;
  }
  gate.changed.notify_all();
}

}  // namespace palimpsest
