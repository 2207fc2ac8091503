#include "blas_permit.h"

#include <cstdlib>
#include <cstring>
#include <semaphore>

// Missing when the build was told to link another LAPACK.
extern "C" void openblas_set_num_threads(int count) __attribute__((weak));

#ifdef PALIMPSEST_STATIC_OPENBLAS
// OpenBLAS starts its threads while the library loads, as many as its environment variables say. The linker
// gives it this function in place of getenv, so that it starts none, whatever the variables say.
extern "C" char* __real_getenv(const char* name);
extern "C" char* __wrap_getenv(const char* name);

char* __wrap_getenv(const char* name) {
  static char one[] = "1";
  return std::strcmp(name, "OPENBLAS_NUM_THREADS") == 0 ? one : __real_getenv(name);
}
#endif

namespace palimpsest {
namespace {

// Distributions build OpenBLAS with two buffers for each of 64 threads or more; no call takes more than two
// at a time.
constexpr int kMostCallers = 64;

// Never destroyed: a process may exit while its threads still compute.
std::counting_semaphore<kMostCallers>& permits() {
  static auto* semaphore = [] {
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    return new std::counting_semaphore<kMostCallers>(kMostCallers);
  }();
  return *semaphore;
}

thread_local int held = 0;

}  // namespace

BlasPermit::BlasPermit() {
  if (held++ == 0) permits().acquire();
}

BlasPermit::~BlasPermit() {
  if (--held == 0) permits().release();
}

}  // namespace palimpsest
