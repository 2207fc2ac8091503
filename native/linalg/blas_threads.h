#pragma once

#include "core/pool.h"

namespace palimpsest {

// OpenBLAS has threads of its own, and one count of them for the whole process. While an object of this class
// lives, the count is either 1, and any number of our threads may call it at once, or the fixed number, and
// only the holder may. Waiting for the other kind to end throws ERR_ABORTED when the task is cancelled.
class BlasThreads {
 public:
  enum class Mode { single, all };

  BlasThreads(Mode mode, const Workers& workers);
  ~BlasThreads();
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  const Mode mode_;
};

// The fixed number: the processors of this machine, or PALIMPSEST_THREADS. Never what an environment sets
// later, so that results do not depend on it.
int blas_thread_count();

}  // namespace palimpsest
